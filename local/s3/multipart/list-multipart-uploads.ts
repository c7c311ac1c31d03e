import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeBucket } from '../authorize.ts'
import { endOfPrefix, startOfListing } from '../listing/key-order.ts'
import { listContext, parseListParameters } from '../listing/list-parameters.ts'
import { rollUp } from '../listing/roll-up.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { Upload } from '../storage/open-uploads.ts'
import { writeXml } from '../xml/write-xml.ts'
import { describeInitiator } from './describe-initiator.ts'

export function listMultipartUploads(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const { query } = request
  const bucket = s3.buckets.require(request.bucket)
  authorizeBucket(call, bucket, 's3:ListBucketMultipartUploads', listContext(query))
  const { prefix, delimiter, maxKeys, encode, encodingType } = parseListParameters(query, 'max-uploads')
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = keyMarker ? (query.get('upload-id-marker') ?? '') : ''
  const until = endOfPrefix(prefix)
  const page = rollUp<Upload, string>({
    prefix,
    delimiter,
    limit: maxKeys,
    start: idMarker
      ? { key: Buffer.from(keyMarker), tail: idMarker }
      : { key: startOfListing(keyMarker, prefix, delimiter) },
    fetch: ({ key, tail = '' }, limit) => s3.uploads.list(bucket.name, { key, id: tail }, until, limit),
    placeAfter: ({ key, id }) => ({ key: Buffer.from(key), tail: id }),
  })
  const { last, isTruncated } = page
  const body = writeXml('ListMultipartUploadsResult', {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: isTruncated && last ? encode(last.key) : undefined,
    NextUploadIdMarker: isTruncated ? last?.item?.id : undefined,
    Prefix: encode(prefix),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    EncodingType: encodingType,
    MaxUploads: maxKeys,
    IsTruncated: isTruncated,
    Upload: page.items.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: describeInitiator(upload),
      Owner: { ID: s3.ownerId },
      StorageClass: upload.attributes.storageClass,
      Initiated: upload.initiated,
      ChecksumAlgorithm: upload.checksum.isDefault ? undefined : upload.checksum.algorithm,
      ChecksumType: upload.checksum.isDefault ? undefined : upload.checksum.type,
    })),
    CommonPrefixes: page.prefixes.map((name) => ({ Prefix: encode(name) })),
  })
  return { status: 200, body }
}
