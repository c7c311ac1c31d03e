/** Greater than every key that begins with these characters: 0xff is no octet of UTF-8. */
export function endOfPrefix(prefix: string): Buffer {
  return Buffer.concat([Buffer.from(prefix), Buffer.of(0xff)])
}

/** The first key that could come after this one. */
export function keyAfter(key: string): Buffer {
  return Buffer.concat([Buffer.from(key), Buffer.of(0)])
}

/** The common prefix that stands for a key in a listing with a delimiter; undefined for a key that stands for itself. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

/** Where a listing begins that goes on after a marker: a key, or a common prefix that was listed in place of its keys. */
export function startOfListing(marker: string, prefix: string, delimiter: string): Buffer {
  const first = Buffer.from(prefix)
  if (marker === '') return first
  const next = commonPrefix(marker, prefix, delimiter) === marker ? endOfPrefix(marker) : keyAfter(marker)
  return Buffer.compare(next, first) > 0 ? next : first
}
