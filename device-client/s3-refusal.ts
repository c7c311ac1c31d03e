import { DeviceFault } from './device-fault.ts'
import type { HttpAnswer } from './http/read-answers.ts'
import { parseRetryAfter } from './parse-retry-after.ts'

/** What an answer of S3 that is no success means. */
export function s3Refusal({ status, headers, body }: HttpAnswer, key: string, now: Date): DeviceFault {
  const code = textOf('Code', body)
  const reason = textOf('Message', body)
  const message = `${key}: S3 answered ${status} ${code}${reason && `: ${reason}`}`
  const unavailable = () =>
    new DeviceFault('UPLOAD_UNAVAILABLE', message, { retryAfterSeconds: parseRetryAfter(headers) })
  switch (code) {
    case 'ExpiredToken':
      return new DeviceFault('CREDENTIALS_EXPIRED', message)
    case 'RequestTimeTooSkewed':
      return new DeviceFault('CLOCK_SKEWED', `this machine says ${now.toISOString()}, S3 says ${headers.date}`)
    case 'AccessDenied':
      return new DeviceFault('UPLOAD_DENIED', message)
    case 'NoSuchBucket':
      return new DeviceFault('BUCKET_MISSING', message)
    case 'NoSuchUpload':
      return new DeviceFault('UPLOAD_GONE', message)
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
      return new DeviceFault('UPLOAD_CORRUPTED', message)
    // The completion of a multipart upload says 200 before it knows.
    case 'InternalError':
    case 'ServiceUnavailable':
    case 'SlowDown':
    case 'RequestTimeout':
      return unavailable()
  }
  if (status === 412) return new DeviceFault('OBJECT_EXISTS', message)
  if (status === 409) return new DeviceFault('UPLOAD_CONFLICT', message)
  if (status === 429 || (status >= 500 && status !== 501)) return unavailable()
  return new DeviceFault('UPLOAD_REFUSED', message)
}

/** The text of the first such element, or nothing. */
export function textOf(element: string, xml: string): string {
  return decodeEntities(new RegExp(`<${element}>([^<]+)</${element}>`).exec(xml)?.[1] ?? '')
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
}

function decodeEntities(text: string): string {
  return text.replace(/&\w+;/g, (entity) => entities[entity] ?? entity)
}
