import type { Call, HttpResponse } from '#local/service.ts'
import { checksumMember } from '../checksum/checksum-algorithm.ts'
import { parseChecksumAlgorithm } from '../checksum/payload-integrity.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers, S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { ObjectVersion } from '../storage/object-version.ts'
import { readPieces } from '../storage/read-pieces.ts'
import { discardContent, receiveContent } from '../storage/receive-content.ts'
import { writeXml } from '../xml/write-xml.ts'
import { requireCopySource } from './copy-source.ts'
import { parseObjectAttributes } from './object-attributes.ts'
import { parseTaggingHeader } from './object-tags.ts'
import { authorizeWrite, buildObject, encryptionHeaders, maxPutBytes } from './put-object.ts'
import { refuseAcl } from './refuse-unsupported.ts'
import { writeObject } from './write-object.ts'
import { startWritePrecondition } from './write-precondition.ts'

export async function copyObject(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const { headers, key } = request
  const bucket = s3.buckets.require(request.bucket)
  const takesTags = parseDirective(headers, 'x-amz-tagging-directive') === 'COPY'
  const takesAttributes = parseDirective(headers, 'x-amz-metadata-directive') === 'COPY'
  const source = requireCopySource(s3, call, headers, { withTags: takesTags })
  const { object, bucket: sourceBucket, key: sourceKey, isLatest } = source.version
  const tags = takesTags ? object.tags : parseTaggingHeader(headers['x-amz-tagging'])
  authorizeWrite(call, bucket, key, headers, tags)
  refuseAcl(headers, bucket)
  const chosen = parseObjectAttributes(headers)
  const attributes = takesAttributes
    ? { headers: object.headers, metadata: object.metadata, storageClass: chosen.storageClass }
    : chosen
  const changes =
    !takesAttributes ||
    headers['x-amz-storage-class'] !== undefined ||
    headers['x-amz-server-side-encryption'] !== undefined
  if (sourceBucket === bucket.name && sourceKey === key && isLatest && !changes) throw selfCopyError()
  if (object.size > maxPutBytes)
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${maxPutBytes}`,
      },
    )
  const precondition = startWritePrecondition(headers, key, () => s3.index.newest(bucket.name, key))
  const algorithm = parseChecksumAlgorithm(headers['x-amz-checksum-algorithm']) ?? object.checksum.algorithm
  const content = await receiveContent(s3.files, readSource(s3, source.version), {
    algorithms: [algorithm],
    maxBytes: maxPutBytes,
  })
  try {
    const written = await writeObject(s3, call, {
      bucketName: bucket.name,
      key,
      event: 'ObjectCreated:Copy',
      precondition,
      build: (writer) => buildObject(writer, content, attributes, tags, algorithm),
    })
    const { checksum, etag } = written.object
    const body = writeXml('CopyObjectResult', {
      LastModified: written.modified,
      ETag: `"${etag}"`,
      [checksumMember(checksum.algorithm)]: checksum.value,
      ChecksumType: checksum.type,
    })
    return { status: 200, headers: { ...encryptionHeaders, ...source.headers, ...written.headers }, body }
  } catch (error) {
    discardContent(s3.files, content)
    throw error
  }
}

/** The data of an object, or a part of it, as a payload. */
export async function* readSource(
  s3: S3State,
  { object }: ObjectVersion,
  start = 0,
  end = object.size,
): AsyncGenerator<Uint8Array> {
  const data = readPieces(s3.files, object.pieces, start, end)
  if (data instanceof Uint8Array) yield data
  else yield* data
}

function parseDirective(headers: Headers, name: string): 'COPY' | 'REPLACE' {
  const directive = headers[name] ?? 'COPY'
  if (directive === 'COPY' || directive === 'REPLACE') return directive
  throw s3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: directive },
    { message: `Unknown ${name.slice('x-amz-'.length)}.` },
  )
}

function selfCopyError(): Error {
  const message =
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
  return s3Error('InvalidRequest', {}, { message })
}
