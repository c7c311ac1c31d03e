import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeObject } from '../authorize.ts'
import type { Bucket } from '../bucket/bucket-table.ts'
import { type PayloadIntegrity, parsePayloadIntegrity, verifyPayload } from '../checksum/payload-integrity.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers, S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { ObjectAttributes, StoredObject, Tags } from '../storage/object-version.ts'
import type { IndexWriter } from '../storage/open-index.ts'
import { type Content, discardContent, receiveContent } from '../storage/receive-content.ts'
import { checksumHeaders } from './checksum-headers.ts'
import { parseObjectAttributes } from './object-attributes.ts'
import { parseTaggingHeader, requestTagContext } from './object-tags.ts'
import { refuseAcl } from './refuse-unsupported.ts'
import { writeObject } from './write-object.ts'
import { startWritePrecondition } from './write-precondition.ts'

/** https://docs.aws.amazon.com/general/latest/gr/s3.html */
export const maxPutBytes = 5 * 1024 ** 3
export const encryptionHeaders = { 'x-amz-server-side-encryption': 'AES256' }

export async function putObject(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const { headers, key } = request
  const bucket = s3.buckets.require(request.bucket)
  const attributes = parseObjectAttributes(headers)
  const tags = parseTaggingHeader(headers['x-amz-tagging'])
  authorizeWrite(call, bucket, key, headers, tags)
  refuseAcl(headers, bucket)
  const precondition = startWritePrecondition(headers, key, () => s3.index.newest(bucket.name, key))
  const { content, integrity } = await receivePayload(s3, request)
  try {
    const written = await writeObject(s3, call, {
      bucketName: bucket.name,
      key,
      event: 'ObjectCreated:Put',
      precondition,
      build: (writer) => buildObject(writer, content, attributes, tags, integrity.algorithm),
    })
    const { object } = written
    return {
      status: 200,
      headers: {
        ...encryptionHeaders,
        ...written.headers,
        etag: `"${object.etag}"`,
        ...checksumHeaders(object.checksum),
      },
    }
  } catch (error) {
    discardContent(s3.files, content)
    throw error
  }
}

/** What a write that makes an object needs: PutObject, and more for the ACL and the tags that come with it. */
export function authorizeWrite(call: Call, bucket: Bucket, key: string, headers: Headers, tags: Tags): void {
  const context: Record<string, string | string[]> = {
    ...requestTagContext(tags),
    's3:ObjectCreationOperation': 'true',
  }
  for (const name of ['if-match', 'if-none-match']) {
    const value = headers[name]
    if (value !== undefined) context[`s3:${name}`] = value
  }
  authorizeObject(call, bucket, key, 's3:PutObject', context)
  if (Object.keys(tags).length > 0) authorizeObject(call, bucket, key, 's3:PutObjectTagging', context)
  if (headers['x-amz-acl'] !== undefined) authorizeObject(call, bucket, key, 's3:PutObjectAcl', context)
}

/** Reads and verifies the payload of a request that announces its length. */
export async function receivePayload(
  s3: S3State,
  request: S3Request,
  extra: readonly PayloadIntegrity['algorithm'][] = [],
): Promise<{ content: Content; integrity: PayloadIntegrity }> {
  const integrity = parsePayloadIntegrity(request.headers)
  const wanted = [integrity.algorithm ?? 'CRC64NVME', ...extra].filter((algorithm) => algorithm !== undefined)
  const content = await receiveContent(s3.files, request.http.body, {
    algorithms: [...new Set(wanted)],
    maxBytes: maxPutBytes,
    expectedBytes: announcedBytes(request),
  })
  try {
    verifyPayload(integrity, content, request.http)
    return { content, integrity }
  } catch (error) {
    discardContent(s3.files, content)
    throw error
  }
}

/** An object whose data came in one piece; S3 adds CRC64NVME where the client chose no checksum. */
export function buildObject(
  writer: IndexWriter,
  content: Content,
  attributes: ObjectAttributes,
  tags: Tags,
  algorithm: PayloadIntegrity['algorithm'] = 'CRC64NVME',
): StoredObject {
  return {
    ...attributes,
    tags,
    etag: content.md5.toString('hex'),
    size: content.size,
    checksum: { algorithm, type: 'FULL_OBJECT', value: content.checksums[algorithm] ?? '' },
    pieces: [{ ...writer.addData(content), size: content.size }],
  }
}

function announcedBytes({ headers }: S3Request): number {
  const isChunked = headers['x-amz-decoded-content-length'] !== undefined
  const announced = isChunked ? headers['x-amz-decoded-content-length'] : headers['content-length']
  if (announced === undefined) throw s3Error('MissingContentLength')
  const bytes = Number(announced)
  if (!/^\d+$/.test(announced))
    throw s3Error('InvalidArgument', { ArgumentName: 'Content-Length', ArgumentValue: announced })
  if (bytes > maxPutBytes) {
    throw s3Error('EntityTooLarge', { ProposedSize: announced, MaxSizeAllowed: String(maxPutBytes) })
  }
  return bytes
}
