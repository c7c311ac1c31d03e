import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeObject } from '../authorize.ts'
import { checksumMember } from '../checksum/checksum-algorithm.ts'
import { parseLimit, parseListParameters } from '../listing/list-parameters.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import { writeXml } from '../xml/write-xml.ts'
import { describeInitiator } from './describe-initiator.ts'
import { requireUpload } from './require-upload.ts'

export function listParts(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const { bucket, key, query } = request
  authorizeObject(call, s3.buckets.require(bucket), key, 's3:ListMultipartUploadParts')
  const upload = requireUpload(s3, request)
  const { encode, encodingType } = parseListParameters(query)
  const limit = parseLimit(query, 'max-parts')
  const marker = Number(query.get('part-number-marker') ?? 0) || 0
  const found = s3.uploads.parts(upload.id, marker, limit + 1)
  const page = found.slice(0, limit)
  const { algorithm, type, isDefault } = upload.checksum
  const body = writeXml('ListPartsResult', {
    Bucket: bucket,
    Key: encode(key),
    EncodingType: encodingType,
    UploadId: upload.id,
    Initiator: describeInitiator(upload),
    Owner: { ID: s3.ownerId },
    StorageClass: upload.attributes.storageClass,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: limit > 0 && found.length > limit,
    ChecksumAlgorithm: isDefault ? undefined : algorithm,
    ChecksumType: isDefault ? undefined : type,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: part.modified,
      ETag: `"${part.etag}"`,
      Size: part.size,
      [checksumMember(algorithm)]: part.checksum,
    })),
  })
  return { status: 200, body }
}
