import { createHash } from 'node:crypto'
import type { CompletedMultipartUpload, CompletedPart } from '@aws-sdk/client-s3'
import type { Call, HttpResponse } from '#local/service.ts'
import { checksumAlgorithms, checksumHeader, checksumMember, startChecksum } from '../checksum/checksum-algorithm.ts'
import { combineCrcs, isCombinable } from '../checksum/combine-crc.ts'
import { parsePayloadIntegrity } from '../checksum/payload-integrity.ts'
import { authorizeWrite, encryptionHeaders } from '../object/put-object.ts'
import { writeObject } from '../object/write-object.ts'
import { startWritePrecondition } from '../object/write-precondition.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { Checksum, StoredObject } from '../storage/object-version.ts'
import type { Part, Upload } from '../storage/open-uploads.ts'
import { readXmlBody } from '../xml/read-xml-body.ts'
import { flatList, struct } from '../xml/shape.ts'
import { writeXml } from '../xml/write-xml.ts'
import { requireUpload } from './require-upload.ts'

const minPartBytes = 5 * 1024 * 1024
const partMembers = Object.fromEntries(
  checksumAlgorithms.map((algorithm) => [checksumMember(algorithm), 'text' as const]),
)
const shape = struct(
  {
    Parts: flatList(
      'Part',
      struct({ ETag: 'text', PartNumber: 'number', ...partMembers }, { required: ['ETag', 'PartNumber'] }),
    ),
  },
  { required: ['Parts'] },
)

export async function completeMultipartUpload(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const { headers, key } = request
  const bucket = s3.buckets.require(request.bucket)
  authorizeWrite(call, bucket, key, headers, {})
  const precondition = startWritePrecondition(headers, key, () => s3.index.newest(bucket.name, key))
  // Checksum headers are those of the object here, not of the document.
  const integrity = parsePayloadIntegrity({ 'content-md5': headers['content-md5'] })
  const document = await readXmlBody(s3, request, 'CompleteMultipartUpload', shape, integrity)
  const { Parts = [] } = document as CompletedMultipartUpload
  const written = await writeObject(s3, call, {
    bucketName: bucket.name,
    key,
    event: 'ObjectCreated:CompleteMultipartUpload',
    precondition,
    build(writer) {
      const upload = requireUpload(s3, request)
      const stored = new Map(s3.uploads.parts(upload.id).map((part) => [part.number, part]))
      const chosen = chooseParts(upload, stored, Parts)
      const object = assembleObject(upload, chosen)
      assertAnnounced(request, object)
      const kept = new Set(chosen)
      for (const part of stored.values()) if (!kept.has(part)) writer.removeData(part)
      s3.uploads.remove(upload.id)
      return object
    },
  })
  const { etag, checksum } = written.object
  const body = writeXml('CompleteMultipartUploadResult', {
    Location: `http://${headers.host}${request.http.rawPath}`,
    Bucket: bucket.name,
    Key: key,
    ETag: `"${etag}"`,
    [checksumMember(checksum.algorithm)]: checksum.value,
    ChecksumType: checksum.type,
  })
  return { status: 200, headers: { ...encryptionHeaders, ...written.headers }, body }
}

/** The parts that the client lists, each checked against what was uploaded. */
function chooseParts(upload: Upload, stored: ReadonlyMap<number, Part>, listed: readonly CompletedPart[]): Part[] {
  const { algorithm, type } = upload.checksum
  const chosen = listed.map((entry, index) => {
    const { PartNumber = 0, ETag = '' } = entry
    if (index > 0 && PartNumber <= (listed[index - 1]?.PartNumber ?? 0))
      throw s3Error('InvalidPartOrder', { UploadId: upload.id })
    const part = stored.get(PartNumber)
    const checksum = entry[checksumMember(algorithm)]
    if (checksum === undefined && type === 'COMPOSITE') {
      const message = `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${PartNumber} in the request.`
      throw s3Error('InvalidRequest', {}, { message })
    }
    if (
      !part ||
      part.etag !== ETag.replace(/^"(.*)"$/, '$1') ||
      (checksum !== undefined && checksum !== part.checksum)
    ) {
      throw s3Error('InvalidPart', { UploadId: upload.id, PartNumber: String(PartNumber), ETag })
    }
    return part
  })
  const small = chosen.slice(0, -1).find((part) => part.size < minPartBytes)
  if (small) {
    throw s3Error('EntityTooSmall', {
      ProposedSize: String(small.size),
      MinSizeAllowed: String(minPartBytes),
      PartNumber: String(small.number),
      ETag: small.etag,
    })
  }
  return chosen
}

function assembleObject({ attributes, tags, checksum }: Upload, parts: readonly Part[]): StoredObject {
  const md5 = createHash('md5')
  for (const part of parts) md5.update(part.etag, 'hex')
  return {
    ...attributes,
    tags,
    etag: `${md5.digest('hex')}-${parts.length}`,
    size: parts.reduce((sum, part) => sum + part.size, 0),
    checksum: assembleChecksum(checksum, parts),
    pieces: parts.map(({ file, offset, size, number, checksum: value }) => ({
      file,
      offset,
      size,
      part: number,
      checksum: value,
    })),
  }
}

/** Of the whole where the algorithm allows it, otherwise the checksum of the parts' checksums. */
function assembleChecksum({ algorithm, type }: Upload['checksum'], parts: readonly Part[]): Checksum {
  const values = parts.map((part) => ({ crc: Buffer.from(part.checksum, 'base64'), size: part.size }))
  if (type === 'FULL_OBJECT' && isCombinable(algorithm)) {
    return { algorithm, type, value: combineCrcs(algorithm, values).toString('base64') }
  }
  const composite = startChecksum(algorithm)
  for (const { crc } of values) composite.update(crc)
  return { algorithm, type, value: `${composite.digest().toString('base64')}-${parts.length}` }
}

/** What the client says of the whole object must be so. */
function assertAnnounced({ headers }: S3Request, { size, checksum }: StoredObject): void {
  const announcedSize = headers['x-amz-mp-object-size']
  if (announcedSize !== undefined && Number(announcedSize) !== size) {
    const message = 'The provided x-amz-mp-object-size header value does not match what was computed.'
    throw s3Error('InvalidRequest', {}, { message })
  }
  const announcedType = headers['x-amz-checksum-type']
  if (announcedType !== undefined && announcedType !== checksum.type) {
    throw s3Error(
      'InvalidRequest',
      {},
      {
        message: `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
      },
    )
  }
  const announced = headers[checksumHeader(checksum.algorithm)]
  if (
    announced !== undefined &&
    announced !== checksum.value &&
    `${announced}-` !== checksum.value.slice(0, announced.length + 1)
  ) {
    throw s3Error(
      'BadDigest',
      {},
      { message: `The ${checksum.algorithm} you specified did not match the calculated checksum.` },
    )
  }
}
