import type { Call, HttpResponse } from '#local/service.ts'
import { checksumMember } from '../checksum/checksum-algorithm.ts'
import { parseLimit } from '../listing/list-parameters.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { StoredObject } from '../storage/object-version.ts'
import { writeXml, type XmlFields } from '../xml/write-xml.ts'
import { parseVersionId, requireVersion } from './require-version.ts'
import { versionHeaders } from './write-object.ts'

const names = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
type AttributeName = (typeof names)[number]

export function getObjectAttributes(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const bucket = s3.buckets.require(request.bucket)
  const address = { bucket, key: request.key, versionId: parseVersionId(request.query) }
  const version = requireVersion(s3, call, address, [
    ['s3:GetObject', 's3:GetObjectVersion'],
    ['s3:GetObjectAttributes', 's3:GetObjectVersionAttributes'],
  ])
  const wanted = parseNames(request.headers['x-amz-object-attributes'])
  const { object } = version
  const attributes: Record<AttributeName, XmlFields[string]> = {
    ETag: object.etag,
    Checksum: {
      [checksumMember(object.checksum.algorithm)]: object.checksum.value,
      ChecksumType: object.checksum.type,
    },
    ObjectParts: describeParts(object, request),
    StorageClass: object.storageClass,
    ObjectSize: object.size,
  }
  const chosen = Object.fromEntries(names.filter((name) => wanted.has(name)).map((name) => [name, attributes[name]]))
  return {
    status: 200,
    headers: { 'last-modified': version.modified.toUTCString(), ...versionHeaders(bucket, version.versionId) },
    body: writeXml('GetObjectAttributesResponse', chosen),
  }
}

function parseNames(header: string | undefined): Set<string> {
  const wanted = new Set((header ?? '').split(',').map((name) => name.trim()))
  if ([...wanted].every((name) => (names as readonly string[]).includes(name))) return wanted
  throw s3Error(
    'InvalidArgument',
    { ArgumentName: 'x-amz-object-attributes' },
    { message: 'Invalid attribute name specified.' },
  )
}

/** Of objects that were uploaded in parts; the parts are listed only where each has a checksum that counts. */
function describeParts({ pieces, checksum }: StoredObject, { headers }: S3Request): XmlFields | undefined {
  if (pieces[0]?.part === undefined) return undefined
  if (checksum.type === 'FULL_OBJECT' && checksum.algorithm === 'CRC64NVME') return { PartsCount: pieces.length }
  const marker = Number(headers['x-amz-part-number-marker'] ?? 0)
  const limit = parseLimit(new URLSearchParams({ 'max-parts': headers['x-amz-max-parts'] ?? '' }), 'max-parts')
  const rest = pieces.filter((piece) => (piece.part ?? 0) > marker)
  const page = rest.slice(0, limit)
  return {
    PartsCount: pieces.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.part ?? 0,
    MaxParts: limit,
    IsTruncated: page.length < rest.length,
    Part: page.map((piece) => ({
      PartNumber: piece.part,
      [checksumMember(checksum.algorithm)]: piece.checksum,
      Size: piece.size,
    })),
  }
}
