import { AwsError } from '#local/service.ts'
import { invalid } from './kms-errors.ts'

/** A page of what is listed, by `Limit` and `Marker`: the marker is the last id of the page before. */
export function paginate<T>(
  items: readonly T[],
  readId: (item: T) => string,
  { Limit = 100, Marker }: { Limit?: number | undefined; Marker?: string | undefined },
) {
  if (!Number.isInteger(Limit) || Limit < 1 || Limit > 1000) throw invalid('Limit must be between 1 and 1000')
  const start = Marker === undefined ? 0 : items.findIndex((item) => readId(item) === Marker) + 1
  if (Marker !== undefined && start === 0) throw new AwsError('InvalidMarkerException', 'Invalid marker')
  const page = items.slice(start, start + Limit)
  const last = page.at(-1)
  const Truncated = start + Limit < items.length
  return { page, Truncated, ...(Truncated && last !== undefined && { NextMarker: readId(last) }) }
}
