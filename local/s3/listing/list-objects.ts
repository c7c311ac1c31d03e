import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeBucket } from '../authorize.ts'
import type { Bucket } from '../bucket/bucket-table.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { ObjectVersion } from '../storage/object-version.ts'
import { writeXml, type XmlFields } from '../xml/write-xml.ts'
import { endOfPrefix, keyAfter, startOfListing } from './key-order.ts'
import { type ListParameters, listContext, parseListParameters } from './list-parameters.ts'
import { type Page, rollUp } from './roll-up.ts'

/** ListObjects (version 1) and ListObjectsV2: one listing, told in two ways. */
export function listObjects(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const { query } = request
  const bucket = s3.buckets.require(request.bucket)
  authorizeBucket(call, bucket, 's3:ListBucket', listContext(query))
  const parameters = parseListParameters(query)
  const fields =
    query.get('list-type') === '2' ? listV2(s3, bucket, query, parameters) : listV1(s3, bucket, query, parameters)
  return { status: 200, body: writeXml('ListBucketResult', { Name: bucket.name, ...fields }) }
}

function listV1(s3: S3State, bucket: Bucket, query: URLSearchParams, parameters: ListParameters): XmlFields {
  const marker = query.get('marker') ?? ''
  const page = readPage(s3, bucket, parameters, marker)
  return {
    Prefix: parameters.encode(parameters.prefix),
    Marker: parameters.encode(marker),
    // S3 leaves it out where the last key says the same.
    NextMarker: page.isTruncated && page.last && parameters.delimiter ? parameters.encode(page.last.key) : undefined,
    ...describePage(s3, page, parameters, true),
  }
}

function listV2(s3: S3State, bucket: Bucket, query: URLSearchParams, parameters: ListParameters): XmlFields {
  const startAfter = query.get('start-after') ?? undefined
  const token = query.get('continuation-token') ?? undefined
  const page = readPage(s3, bucket, parameters, token === undefined ? (startAfter ?? '') : readToken(token))
  return {
    Prefix: parameters.encode(parameters.prefix),
    StartAfter: startAfter === undefined ? undefined : parameters.encode(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.isTruncated && page.last ? writeToken(page.last.key) : undefined,
    KeyCount: page.items.length + page.prefixes.length,
    ...describePage(s3, page, parameters, query.get('fetch-owner') === 'true'),
  }
}

function readPage(
  s3: S3State,
  bucket: Bucket,
  { prefix, delimiter, maxKeys }: ListParameters,
  marker: string,
): Page<ObjectVersion> {
  const until = endOfPrefix(prefix)
  return rollUp<ObjectVersion>({
    prefix,
    delimiter,
    limit: maxKeys,
    start: { key: startOfListing(marker, prefix, delimiter) },
    fetch: (place, limit) => s3.index.current(bucket.name, place.key, until, limit),
    placeAfter: ({ key }) => ({ key: keyAfter(key) }),
  })
}

function describePage(
  s3: S3State,
  page: Page<ObjectVersion>,
  parameters: ListParameters,
  withOwner: boolean,
): XmlFields {
  return {
    MaxKeys: parameters.maxKeys,
    Delimiter: parameters.delimiter ? parameters.encode(parameters.delimiter) : undefined,
    EncodingType: parameters.encodingType,
    IsTruncated: page.isTruncated,
    Contents: page.items.map(({ key, modified, object }) => ({
      Key: parameters.encode(key),
      LastModified: modified,
      ETag: `"${object.etag}"`,
      ChecksumAlgorithm: object.checksum.algorithm,
      ChecksumType: object.checksum.type,
      Size: object.size,
      Owner: withOwner ? { ID: s3.ownerId } : undefined,
      StorageClass: object.storageClass,
    })),
    CommonPrefixes: page.prefixes.map((prefix) => ({ Prefix: parameters.encode(prefix) })),
  }
}

function writeToken(name: string): string {
  return Buffer.from(name).toString('base64url')
}

function readToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (writeToken(name) !== token) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'continuation-token', ArgumentValue: token },
      { message: 'The continuation token provided is incorrect' },
    )
  }
  return name
}
