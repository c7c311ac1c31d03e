import type { ChecksumAlgorithm } from '../checksum/checksum-algorithm.ts'

export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
  /** Base64; `-N` follows for a composite of N parts. */
  readonly value: string
}

/** Where data begins on disk. */
export interface Location {
  readonly file: string
  readonly offset: number
}

/** A run of bytes of an object: the whole of a simple upload, or one part. */
export interface Piece extends Location {
  readonly size: number
  /** Of a part: its number and its checksum. */
  readonly part?: number
  readonly checksum?: string | undefined
}

/** What the client chose for an object: all that CopyObject's REPLACE sets anew. */
export interface ObjectAttributes {
  /** `content-type`, `cache-control`, …: returned as they came. */
  readonly headers: Readonly<Record<string, string>>
  /** Without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
}

export type Tags = Readonly<Record<string, string>>

export interface StoredObject extends ObjectAttributes {
  /** Without quotes. */
  readonly etag: string
  readonly size: number
  readonly checksum: Checksum
  readonly tags: Tags
  readonly pieces: readonly Piece[]
}

export interface Version {
  readonly bucket: string
  readonly key: string
  /** Orders all changes; a key's newest version has the greatest. It becomes the event's sequencer. */
  readonly sequence: number
  /** `null` where the bucket was not versioned as it was written. */
  readonly versionId: string
  readonly isLatest: boolean
  readonly modified: Date
  /** Undefined: a delete marker. */
  readonly object: StoredObject | undefined
}

export type ObjectVersion = Version & { readonly object: StoredObject }

export function isObject(version: Version | undefined): version is ObjectVersion {
  return version?.object !== undefined
}
