import { randomBytes } from 'node:crypto'
import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeObject } from '../authorize.ts'
import { isCombinable } from '../checksum/combine-crc.ts'
import { parseChecksumAlgorithm } from '../checksum/payload-integrity.ts'
import { parseObjectAttributes } from '../object/object-attributes.ts'
import { parseTaggingHeader, requestTagContext } from '../object/object-tags.ts'
import { encryptionHeaders } from '../object/put-object.ts'
import { refuseAcl } from '../object/refuse-unsupported.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers, S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { Upload } from '../storage/open-uploads.ts'
import { writeXml } from '../xml/write-xml.ts'

export function createMultipartUpload(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const { headers, key } = request
  const bucket = s3.buckets.require(request.bucket)
  const tags = parseTaggingHeader(headers['x-amz-tagging'])
  const context = { ...requestTagContext(tags), 's3:ObjectCreationOperation': 'false' }
  authorizeObject(call, bucket, key, 's3:PutObject', context)
  if (Object.keys(tags).length > 0) authorizeObject(call, bucket, key, 's3:PutObjectTagging', context)
  refuseAcl(headers, bucket)
  const upload: Upload = {
    // Ids of one key sort by the time they began.
    id: s3.index.nextSequence().toString(16).padStart(16, '0') + randomBytes(24).toString('hex'),
    bucket: bucket.name,
    key,
    initiated: s3.clock(),
    attributes: parseObjectAttributes(headers),
    tags,
    checksum: parseUploadChecksum(headers),
    initiator: call.caller.arn,
  }
  s3.uploads.add(upload)
  return {
    status: 200,
    headers: {
      ...encryptionHeaders,
      ...(upload.checksum.isDefault
        ? {}
        : { 'x-amz-checksum-algorithm': upload.checksum.algorithm, 'x-amz-checksum-type': upload.checksum.type }),
    },
    body: writeXml('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: key, UploadId: upload.id }),
  }
}

/** Which algorithm allows which type: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html#Full-object-and-composite-checksums */
function parseUploadChecksum(headers: Headers): Upload['checksum'] {
  const algorithm = parseChecksumAlgorithm(headers['x-amz-checksum-algorithm'])
  const type = headers['x-amz-checksum-type']
  if (algorithm === undefined) {
    if (type !== undefined)
      throw s3Error(
        'InvalidRequest',
        {},
        { message: 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.' },
      )
    return { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', isDefault: true }
  }
  const chosen = type ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  const isAllowed =
    chosen === 'FULL_OBJECT' ? isCombinable(algorithm) : chosen === 'COMPOSITE' && algorithm !== 'CRC64NVME'
  if (!isAllowed) {
    throw s3Error(
      'InvalidRequest',
      {},
      { message: `The ${chosen} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.` },
    )
  }
  return { algorithm, type: chosen as 'FULL_OBJECT' | 'COMPOSITE', isDefault: false }
}
