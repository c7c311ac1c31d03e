import type { Call, HttpResponse } from '#local/service.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { ObjectVersion } from '../storage/object-version.ts'
import { readPieces } from '../storage/read-pieces.ts'
import { checksumHeaders } from './checksum-headers.ts'
import { attributeHeaders } from './object-attributes.ts'
import { type ByteRange, parseRange } from './parse-range.ts'
import { encryptionHeaders } from './put-object.ts'
import { checkReadCondition } from './read-condition.ts'
import { parseVersionId, requireVersion } from './require-version.ts'
import { versionHeaders } from './write-object.ts'

/** Query parameters that set a header of the answer. */
const responseOverrides = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]

/** GetObject and HeadObject, which differ in the body only. */
export function getObject(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const { query, headers, key } = request
  const bucket = s3.buckets.require(request.bucket)
  const overrides = parseOverrides(query, call)
  const version = requireVersion(s3, call, { bucket, key, versionId: parseVersionId(query) }, [
    ['s3:GetObject', 's3:GetObjectVersion'],
  ])
  const { object, modified } = version
  const validators = {
    etag: `"${object.etag}"`,
    'last-modified': modified.toUTCString(),
    ...versionHeaders(bucket, version.versionId),
  }
  const isWanted = checkReadCondition(
    {
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: headers['if-modified-since'],
      ifUnmodifiedSince: headers['if-unmodified-since'],
    },
    object.etag,
    modified,
  )
  if (!isWanted) return { status: 304, headers: validators }
  const part = findPart(query.get('partNumber'), version)
  const range = part?.range ?? parseRange(headers.range, object.size)
  const { start, end } = range ?? { start: 0, end: object.size }
  const isWhole = start === 0 && end === object.size
  return {
    status: range ? 206 : 200,
    headers: {
      ...attributeHeaders(object),
      ...overrides,
      ...validators,
      ...encryptionHeaders,
      ...(headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' && isWhole
        ? checksumHeaders(object.checksum)
        : {}),
      ...tagCountHeader(version),
      ...(part?.count ? { 'x-amz-mp-parts-count': String(part.count) } : {}),
      ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${object.size}` } : {}),
      'accept-ranges': 'bytes',
      'content-length': String(end - start),
    },
    ...(request.method === 'HEAD' ? {} : { body: readPieces(s3.files, object.pieces, start, end) }),
  }
}

function tagCountHeader({ object }: ObjectVersion): Record<string, string> {
  const count = Object.keys(object.tags).length
  return count > 0 ? { 'x-amz-tagging-count': String(count) } : {}
}

function parseOverrides(query: URLSearchParams, call: Call): Record<string, string> {
  const overrides: Record<string, string> = {}
  for (const name of responseOverrides) {
    const value = query.get(`response-${name}`)
    if (value === null) continue
    if (call.caller.kind === 'anonymous') {
      throw s3Error(
        'InvalidRequest',
        {},
        { message: 'Request specific response headers cannot be used for anonymous GET requests.' },
      )
    }
    overrides[name] = value
  }
  return overrides
}

function findPart(
  partNumber: string | null,
  { object }: ObjectVersion,
): { range: ByteRange | undefined; count: number | undefined } | undefined {
  if (partNumber === null) return undefined
  const number = Number(partNumber)
  const isMultipart = object.pieces[0]?.part !== undefined
  let start = 0
  for (const [index, piece] of object.pieces.entries()) {
    if (number === (piece.part ?? index + 1)) {
      const range = piece.size > 0 ? { start, end: start + piece.size } : undefined
      return { range, count: isMultipart ? object.pieces.length : undefined }
    }
    start += piece.size
  }
  throw s3Error('InvalidPartNumber', { PartNumberRequested: partNumber, ActualPartCount: String(object.pieces.length) })
}
