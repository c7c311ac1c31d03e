import { ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3'

/** An object's version, or a delete marker. */
export interface ListedVersion {
  readonly event: 'created' | 'removed'
  readonly key: string
  /** Absent in a bucket without versions. */
  readonly versionId?: string
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  readonly lastModified: Date
}

/** The key and the version that a page ended with. */
export type ListingPlace = readonly [string, string]

interface VersionsPage {
  readonly versions: ListedVersion[]
  readonly next?: ListingPlace
}

/** At most `limit` versions and delete markers of a bucket after a place, in the order of their keys. */
export async function listVersions(
  s3: S3Client,
  bucket: string,
  { after, limit }: { after: ListingPlace | undefined; limit: number },
): Promise<VersionsPage> {
  const {
    Versions = [],
    DeleteMarkers = [],
    ...page
  } = await s3.send(
    new ListObjectVersionsCommand({
      Bucket: bucket,
      MaxKeys: limit,
      // A key may hold what XML cannot.
      EncodingType: 'url',
      ...(after && { KeyMarker: after[0], VersionIdMarker: after[1] }),
    }),
  )
  const versions = [
    ...Versions.map((version) => ({ ...describe('created', version), ...contentOf(version) })),
    ...DeleteMarkers.map((marker) => describe('removed', marker)),
  ]
  const { IsTruncated, NextKeyMarker = '', NextVersionIdMarker = '' } = page
  return IsTruncated ? { versions, next: [decode(NextKeyMarker), NextVersionIdMarker] } : { versions }
}

interface Described {
  readonly Key?: string | undefined
  readonly VersionId?: string | undefined
  readonly LastModified?: Date | undefined
}

function describe(
  event: ListedVersion['event'],
  { Key = '', VersionId = 'null', LastModified }: Described,
): ListedVersion {
  if (LastModified === undefined) throw new Error(`S3 does not say when ${Key} was modified`)
  const version = { event, key: decode(Key), lastModified: LastModified }
  return VersionId === 'null' ? version : { ...version, versionId: VersionId }
}

function contentOf({ Size, ETag }: { Size?: number | undefined; ETag?: string | undefined }) {
  return { sizeBytes: Size, etag: ETag?.replaceAll('"', '') }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', '%20'))
}
