import type { RequestHead } from './request-head.ts'

/** The text that is hashed and signed ("Create a canonical request"); the payload enters by its hash. */
export function formatCanonicalRequest(
  head: RequestHead,
  options: { service: string; signedHeaders: readonly string[]; payloadHash: string },
): string {
  const path = options.service === 's3' ? canonicalizeObjectPath(head.rawPath) : canonicalizePath(head.rawPath)
  const headers = options.signedHeaders
    .map((name) => `${name}:${canonicalizeHeader(head.headers.get(name))}\n`)
    .join('')
  const names = options.signedHeaders.join(';')
  return `${head.method}\n${path}\n${canonicalizeQuery(head.rawQuery)}\n${headers}\n${names}\n${options.payloadHash}`
}

/** S3 signs the path with each octet encoded once, and dots and double slashes as they are: they belong to the key. */
function canonicalizeObjectPath(rawPath: string): string {
  return rawPath.replace(/%([0-9a-fA-F]{2})|[^A-Za-z0-9\-._~/]/g, encodeOnce)
}

/** Other services remove dot segments and empty ones, and encode the encoded path again. */
function canonicalizePath(rawPath: string): string {
  const kept: string[] = []
  for (const segment of rawPath.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const path = kept.length > 0 ? `/${kept.join('/')}${rawPath.endsWith('/') ? '/' : ''}` : '/'
  return path.replace(/[^A-Za-z0-9\-._~/]/g, encodeOctet)
}

function canonicalizeQuery(rawQuery: string): string {
  if (rawQuery === '') return ''
  const pairs: (readonly [string, string])[] = []
  for (const part of rawQuery.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = encodeQueryPart(equals < 0 ? part : part.slice(0, equals))
    if (name !== 'X-Amz-Signature') pairs.push([name, equals < 0 ? '' : encodeQueryPart(part.slice(equals + 1))])
  }
  pairs.sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

function encodeQueryPart(part: string): string {
  return part.replace(/\+/g, '%20').replace(/%([0-9a-fA-F]{2})|[^A-Za-z0-9\-._~]/g, encodeOnce)
}

/** A percent-encoded octet stays encoded only where it must be; anything else that must be encoded is. */
function encodeOnce(match: string, hex: string | undefined): string {
  if (hex === undefined) return encodeOctet(match)
  const character = String.fromCharCode(Number.parseInt(hex, 16))
  return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex.toUpperCase()}`
}

/** Node reads the head of a request as latin1, so a character is an octet. */
function encodeOctet(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function canonicalizeHeader(values: readonly string[] = []): string {
  return values.map((value) => value.trim().replace(/\s+/g, ' ')).join(',')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
