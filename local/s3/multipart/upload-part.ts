import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeObject } from '../authorize.ts'
import { checksumHeader, checksumMember } from '../checksum/checksum-algorithm.ts'
import { readSource } from '../object/copy-object.ts'
import { requireCopySource } from '../object/copy-source.ts'
import { parseRange } from '../object/parse-range.ts'
import { encryptionHeaders, maxPutBytes, receivePayload } from '../object/put-object.ts'
import { wholeSecond } from '../object/write-object.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { Part, Upload } from '../storage/open-uploads.ts'
import { type Content, discardContent, receiveContent } from '../storage/receive-content.ts'
import { writeXml } from '../xml/write-xml.ts'
import { parsePartNumber, requireUpload } from './require-upload.ts'

export async function uploadPart(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const { upload, number } = requirePartTarget(s3, request, call)
  const { algorithm, isDefault } = upload.checksum
  const { content, integrity } = await receivePayload(s3, request, [algorithm])
  if (integrity.algorithm && integrity.algorithm !== algorithm && !isDefault) {
    discardContent(s3.files, content)
    const message = `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${integrity.algorithm.toLowerCase()}`
    throw s3Error('InvalidRequest', {}, { message })
  }
  const part = await storePart(s3, upload, number, content)
  const answered = integrity.algorithm ?? algorithm
  return {
    status: 200,
    headers: {
      ...encryptionHeaders,
      etag: `"${part.etag}"`,
      [checksumHeader(answered)]: content.checksums[answered] ?? '',
    },
  }
}

export async function uploadPartCopy(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const { upload, number } = requirePartTarget(s3, request, call)
  const { algorithm } = upload.checksum
  const { version, headers } = requireCopySource(s3, call, request.headers)
  const { start, end } = parseCopyRange(request.headers['x-amz-copy-source-range'], version.object.size)
  if (end - start > maxPutBytes) throw s3Error('EntityTooLarge', { MaxSizeAllowed: String(maxPutBytes) })
  const content = await receiveContent(s3.files, readSource(s3, version, start, end), {
    algorithms: [algorithm],
    maxBytes: maxPutBytes,
  })
  const part = await storePart(s3, upload, number, content)
  const body = writeXml('CopyPartResult', {
    LastModified: part.modified,
    ETag: `"${part.etag}"`,
    [checksumMember(algorithm)]: part.checksum,
  })
  return { status: 200, headers: { ...encryptionHeaders, ...headers }, body }
}

function requirePartTarget(s3: S3State, request: S3Request, call: Call): { upload: Upload; number: number } {
  const bucket = s3.buckets.require(request.bucket)
  authorizeObject(call, bucket, request.key, 's3:PutObject', { 's3:ObjectCreationOperation': 'false' })
  return { number: parsePartNumber(request.query), upload: requireUpload(s3, request) }
}

/** Takes the place of an earlier part of the same number. */
async function storePart(s3: S3State, upload: Upload, number: number, content: Content): Promise<Part> {
  try {
    return await s3.index.commit((writer) => {
      // Completed or aborted while the payload came in.
      if (!s3.uploads.get(upload.id)) throw s3Error('NoSuchUpload', { UploadId: upload.id })
      const replaced = s3.uploads.part(upload.id, number)
      if (replaced) writer.removeData(replaced)
      const part: Part = {
        number,
        size: content.size,
        etag: content.md5.toString('hex'),
        checksum: content.checksums[upload.checksum.algorithm] ?? '',
        modified: wholeSecond(s3.clock()),
        ...writer.addData(content),
      }
      s3.uploads.putPart(upload.id, part)
      return part
    })
  } catch (error) {
    discardContent(s3.files, content)
    throw error
  }
}

/** Unlike a Range header this one must be whole and fit. */
function parseCopyRange(header: string | undefined, size: number): { start: number; end: number } {
  if (header === undefined) return { start: 0, end: size }
  const members = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header }
  const range = /^bytes=\d+-\d+$/.test(header) ? parseRange(header, size) : undefined
  if (!range)
    throw s3Error('InvalidArgument', members, {
      message:
        'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    })
  if (Number(header.slice(header.indexOf('-') + 1)) >= size) {
    throw s3Error('InvalidArgument', members, {
      message: `Range specified is not valid for source object of size: ${size}`,
    })
  }
  return range
}
