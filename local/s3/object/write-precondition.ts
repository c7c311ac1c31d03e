import { notImplemented } from '#local/service.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers } from '../s3-request.ts'
import { isObject, type Version } from '../storage/object-version.ts'

/** Throws when a key may not be written over, given its newest version. */
export type WritePrecondition = (newest: Version | undefined) => void

/**
 * Checks `If-None-Match: *` or `If-Match` before the payload is read, and returns the check to run again in the
 * change that writes: of racing writers exactly one passes it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function startWritePrecondition(
  headers: Headers,
  key: string,
  findNewest: () => Version | undefined,
): WritePrecondition {
  const ifNoneMatch = headers['if-none-match']
  const ifMatch = headers['if-match']
  if (ifNoneMatch === undefined && ifMatch === undefined) return () => {}
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match with anything but *')
  const check = (newest: Version | undefined): void => {
    if (ifNoneMatch && isObject(newest)) throw s3Error('PreconditionFailed', { Condition: 'If-None-Match' })
    if (ifMatch !== undefined) assertMatches(ifMatch, key, newest)
  }
  const atStart = findNewest()
  check(atStart)
  return (newest) => {
    // It held when the request came, so another writer has come between.
    if (ifMatch !== undefined && newest?.sequence !== atStart?.sequence) {
      throw s3Error('ConditionalRequestConflict', { Condition: 'If-Match', Key: key })
    }
    check(newest)
  }
}

/** Throws NoSuchKey or PreconditionFailed unless the key's current object has the ETag, or exists for `*`. */
export function assertMatches(ifMatch: string, key: string, newest: Version | undefined): void {
  if (!isObject(newest)) throw s3Error('NoSuchKey', { Key: key })
  if (!matchesEtag(ifMatch, newest.object.etag)) throw s3Error('PreconditionFailed', { Condition: 'If-Match' })
}

/** Whether a list of entity tags (quoted, weak or bare) has this one. */
export function matchesEtag(header: string, etag: string): boolean {
  return header.split(',').some((candidate) => {
    const tag = candidate
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1')
    return tag === '*' || tag === etag
  })
}
