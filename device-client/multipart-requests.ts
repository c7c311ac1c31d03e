import { hash } from 'node:crypto'
import { combineCrc32 } from './crc32-combine.ts'
import { DeviceFault } from './device-fault.ts'
import type { Part } from './journal/journal.ts'
import { checksumHeader, createPutPayload, encodeCrc32, type PutPayload } from './put-payload.ts'
import { textOf } from './s3-refusal.ts'
import { sendToS3, type Uploader } from './send-to-s3.ts'
import type { Content } from './source-file.ts'

// Each throws what sendToS3 throws.

/** Resolves with S3's id of the upload. The checksum is that of the whole object, so that it does not depend on the parts. */
export async function createMultipartUpload(
  uploader: Uploader,
  key: string,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<string> {
  const checksum = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' }
  const request = { method: 'POST', key, query: { uploads: '' }, headers: { ...headers, ...checksum } } as const
  const { body } = await sendToS3(uploader, request, signal)
  const id = textOf('UploadId', body)
  if (id === '') throw new DeviceFault('ANSWER_INVALID', `${key}: S3 gave no upload id`)
  return id
}

export async function uploadPart(
  uploader: Uploader,
  key: string,
  multipartId: string,
  number: number,
  content: Content,
  signal?: AbortSignal,
): Promise<Part> {
  const query = { partNumber: String(number), uploadId: multipartId }
  let sent: PutPayload | undefined
  const payload = (isTls: boolean) => {
    sent = createPutPayload(content, isTls)
    return sent
  }
  const { headers } = await sendToS3(uploader, { method: 'PUT', key, query, payload }, signal)
  const { etag } = headers
  if (etag === undefined || sent === undefined) {
    throw new DeviceFault('ANSWER_INVALID', `${key}: S3 gave no ETag for part ${number}`)
  }
  return { number, etag, crc32: sent.crc32() }
}

/** Makes the object of its parts, under a key that must not exist and with the checksum of the whole. */
export async function completeMultipartUpload(
  uploader: Uploader,
  key: string,
  multipart: { readonly id: string; readonly partBytes: number; readonly sizeBytes: number },
  parts: readonly Part[],
  signal?: AbortSignal,
): Promise<void> {
  const { id, partBytes, sizeBytes } = multipart
  const body = formatParts(parts)
  const crc32 = parts.reduce((crc, part) => {
    return combineCrc32(crc, part.crc32, Math.min(partBytes, sizeBytes - (part.number - 1) * partBytes))
  }, 0)
  const headers = {
    'content-length': String(Buffer.byteLength(body)),
    'content-type': 'application/xml',
    'if-none-match': '*',
    [checksumHeader]: encodeCrc32(crc32),
    'x-amz-checksum-type': 'FULL_OBJECT',
    'x-amz-mp-object-size': String(sizeBytes),
  }
  const payload = () => ({ headers, payloadHash: hash('sha256', body), body: Buffer.from(body) })
  await sendToS3(uploader, { method: 'POST', key, query: { uploadId: id }, payload }, signal)
}

export async function abortMultipartUpload(
  uploader: Uploader,
  key: string,
  multipartId: string,
  signal?: AbortSignal,
): Promise<void> {
  await sendToS3(uploader, { method: 'DELETE', key, query: { uploadId: multipartId } }, signal)
}

function formatParts(parts: readonly Part[]): string {
  const elements = parts.map(({ number, etag, crc32 }) => {
    const tag = etag.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
    return `<Part><PartNumber>${number}</PartNumber><ETag>${tag}</ETag><ChecksumCRC32>${encodeCrc32(crc32)}</ChecksumCRC32></Part>`
  })
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
  return `<CompleteMultipartUpload xmlns="${namespace}">${elements.join('')}</CompleteMultipartUpload>`
}
