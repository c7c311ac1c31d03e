import { s3Error } from '../s3-error.ts'
import { matchesEtag } from './write-precondition.ts'

export interface ReadConditionHeaders {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly ifUnmodifiedSince: string | undefined
}

/**
 * Throws PreconditionFailed, or returns false where the reader has the object already (304).
 * An entity tag counts before a time: RFC 9110, section 13.2.2, which S3 follows.
 */
export function checkReadCondition(headers: ReadConditionHeaders, etag: string, modified: Date): boolean {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = headers
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, etag)) throw s3Error('PreconditionFailed', { Condition: 'If-Match' })
  } else if (isBefore(ifUnmodifiedSince, modified)) {
    throw s3Error('PreconditionFailed', { Condition: 'If-Unmodified-Since' })
  }
  if (ifNoneMatch !== undefined) return !matchesEtag(ifNoneMatch, etag)
  return (
    ifModifiedSince === undefined || Number.isNaN(Date.parse(ifModifiedSince)) || isBefore(ifModifiedSince, modified)
  )
}

/** False for a missing or unreadable date. */
function isBefore(header: string | undefined, modified: Date): boolean {
  return header !== undefined && Date.parse(header) < modified.getTime()
}
