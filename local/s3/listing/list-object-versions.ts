import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeBucket } from '../authorize.ts'
import type { Bucket } from '../bucket/bucket-table.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { Version } from '../storage/object-version.ts'
import { sequenceOfVersionId } from '../storage/version-id.ts'
import { writeXml, type XmlFields } from '../xml/write-xml.ts'
import { endOfPrefix, startOfListing } from './key-order.ts'
import { type ListParameters, listContext, parseListParameters } from './list-parameters.ts'
import { type Place, rollUp } from './roll-up.ts'

export function listObjectVersions(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const { query } = request
  const bucket = s3.buckets.require(request.bucket)
  authorizeBucket(call, bucket, 's3:ListBucketVersions', listContext(query))
  const parameters = parseListParameters(query)
  const { prefix, delimiter, maxKeys, encode, encodingType } = parameters
  const keyMarker = query.get('key-marker') ?? ''
  const versionIdMarker = query.get('version-id-marker') ?? ''
  const until = endOfPrefix(prefix)
  const page = rollUp<Version, number>({
    prefix,
    delimiter,
    limit: maxKeys,
    start: findStart(s3, bucket, keyMarker, versionIdMarker, parameters),
    fetch: ({ key, tail }, limit) => s3.index.versions(bucket.name, key, tail ?? Number.MAX_SAFE_INTEGER, until, limit),
    placeAfter: ({ key, sequence }) => ({ key: Buffer.from(key), tail: sequence }),
  })
  const { last, isTruncated } = page
  const body = writeXml('ListVersionsResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionIdMarker,
    NextKeyMarker: isTruncated && last ? encode(last.key) : undefined,
    NextVersionIdMarker: isTruncated ? last?.item?.versionId : undefined,
    MaxKeys: maxKeys,
    Delimiter: delimiter ? encode(delimiter) : undefined,
    EncodingType: encodingType,
    IsTruncated: isTruncated,
    Version: page.items.flatMap<XmlFields>((version) => describeObject(s3, version, parameters) ?? []),
    DeleteMarker: page.items.flatMap<XmlFields>((version) =>
      version.object ? [] : describeVersion(s3, version, parameters),
    ),
    CommonPrefixes: page.prefixes.map((name) => ({ Prefix: encode(name) })),
  })
  return { status: 200, body }
}

function findStart(
  s3: S3State,
  bucket: Bucket,
  keyMarker: string,
  versionIdMarker: string,
  { prefix, delimiter }: ListParameters,
): Place<number> {
  if (versionIdMarker === '') return { key: startOfListing(keyMarker, prefix, delimiter) }
  if (keyMarker === '') {
    const message = 'A version-id marker cannot be specified without a key marker.'
    throw s3Error('InvalidArgument', { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker }, { message })
  }
  const key = Buffer.from(keyMarker)
  const first = startOfListing('', prefix, delimiter)
  if (Buffer.compare(key, first) < 0) return { key: first }
  // The version may have been deleted since the page that named it; its id says where it stood.
  const tail = sequenceOfVersionId(versionIdMarker) ?? s3.index.find(bucket.name, keyMarker, versionIdMarker)?.sequence
  return { key, tail }
}

function describeObject(s3: S3State, version: Version, parameters: ListParameters): XmlFields | undefined {
  const { object } = version
  return (
    object && {
      ...describeVersion(s3, version, parameters),
      ETag: `"${object.etag}"`,
      ChecksumAlgorithm: object.checksum.algorithm,
      ChecksumType: object.checksum.type,
      Size: object.size,
      StorageClass: object.storageClass,
    }
  )
}

function describeVersion(s3: S3State, version: Version, { encode }: ListParameters): XmlFields {
  return {
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: version.isLatest,
    LastModified: version.modified,
    Owner: { ID: s3.ownerId },
  }
}
