import { validationError } from '../iam-errors.ts'
import { optionalInteger } from './check-text.ts'

interface PageInput {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

export interface Page<T> {
  readonly items: T[]
  /** Members of the answer. */
  readonly paging: { IsTruncated: boolean; Marker?: string }
}

/** The rows after Marker, which is the id of the last row of the page before. */
export function pageOf<T>(rows: readonly { id: string; value: T }[], { Marker, MaxItems }: PageInput): Page<T> {
  const limit = optionalInteger(MaxItems, 'MaxItems', 1, 1000) ?? 100
  const start = Marker === undefined ? 0 : rows.findIndex(({ id }) => id === decodeMarker(Marker)) + 1
  if (Marker !== undefined && start === 0) throw validationError('Invalid Marker.')
  const page = rows.slice(start, start + limit)
  const last = page.at(-1)
  const isTruncated = start + limit < rows.length
  return {
    items: page.map(({ value }) => value),
    paging: { IsTruncated: isTruncated, ...(isTruncated && last && { Marker: encodeMarker(last.id) }) },
  }
}

function encodeMarker(id: string): string {
  return Buffer.from(id).toString('base64url')
}

function decodeMarker(marker: string): string {
  return Buffer.from(marker, 'base64url').toString()
}
