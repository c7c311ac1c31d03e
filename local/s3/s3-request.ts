import type { HttpRequest } from '#local/service.ts'
import { s3Error } from './s3-error.ts'

/** Lower-case names. A repeated header is joined by commas, as node:http does. */
export type Headers = Readonly<Record<string, string | undefined>>

/** A request on a bucket or an object, its address taken apart. */
export interface S3Request {
  readonly http: HttpRequest
  readonly method: string
  /** Empty where the request names none. */
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: Headers
}

/** `bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.us-east-1.amazonaws.com`; a bucket's name may have dots. */
const bucketHost = /^(?<bucket>.+?)\.(?:s3[.-](?:[a-z0-9-]+\.)?)?(?:localhost|amazonaws\.com)(?::\d+)?$/
const serviceHost = /^s3[.-]?(?:[a-z0-9-]+\.)?(?:localhost|amazonaws\.com)(?::\d+)?$/

/** Finds bucket and key in host and path. Virtual-hosted and path style: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
export function parseS3Request(http: HttpRequest): S3Request {
  const host = http.headers.host ?? ''
  const path = http.rawPath.slice(1)
  const hosted = serviceHost.test(host) ? undefined : bucketHost.exec(host)?.groups?.bucket
  const slash = path.indexOf('/')
  const bucket = hosted ?? decode(slash < 0 ? path : path.slice(0, slash))
  const key = decode(hosted !== undefined ? path : slash < 0 ? '' : path.slice(slash + 1))
  if (Buffer.byteLength(key) > 1024) {
    throw s3Error('KeyTooLongError', { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: '1024' })
  }
  return { http, method: http.method, bucket, key, query: http.query, headers: readHeaders(http) }
}

/** A presigned request carries its x-amz- headers in the query; both spellings mean the same. */
function readHeaders(http: HttpRequest): Headers {
  const headers = http.headers as Record<string, string | undefined>
  if (!http.presigned) return headers
  const all = { ...headers }
  for (const [name, value] of http.query) {
    const lower = name.toLowerCase()
    if (lower.startsWith('x-amz-')) all[lower] ??= value
  }
  return all
}

function decode(text: string): string {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch (error) {
    // Octets that are not UTF-8.
    throw Object.assign(s3Error('InvalidURI', { URI: text }), { cause: error })
  }
}
