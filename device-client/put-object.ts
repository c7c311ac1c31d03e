import { contentType } from './content-type.ts'
import type { Credentials } from './credentials.ts'
import type { SavedConfiguration } from './device-configuration.ts'
import { DeviceFault } from './device-fault.ts'
import type { HttpAnswer, HttpTransport } from './http-transport.ts'
import { createPutPayload } from './put-payload.ts'
import { encodeUri, type SignRequest } from './sigv4.ts'
import type { SourceFile } from './source-file.ts'

/** What a PUT needs beside the file. */
export interface Bucket {
  /** Without a slash at its end. */
  readonly url: string
  readonly transport: HttpTransport
  readonly sign: SignRequest
  readonly clock: () => Date
}

/** Amazon S3 user guide, "Uploading objects": 5 GB for one PUT, which S3 counts as 5 GiB. */
const maxPutBytes = 5 * 1024 ** 3

/** A name with a dot fits no wildcard certificate (Amazon S3 user guide, "Virtual hosting of buckets"), so it goes into the path, as with an endpoint of one's own. */
export function bucketUrl({ bucket, region, s3Endpoint }: SavedConfiguration): string {
  if (s3Endpoint !== undefined) return `${s3Endpoint.replace(/\/+$/, '')}/${bucket}`
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return bucket.includes('.') ? `https://s3.${region}.${domain}/${bucket}` : `https://${bucket}.s3.${region}.${domain}`
}

/**
 * Stores the file under a key that must not exist. Throws DeviceFault: OBJECT_EXISTS when it does, CREDENTIALS_EXPIRED, CLOCK_SKEWED,
 * UPLOAD_… and BUCKET_MISSING as S3 says it, FILE_CHANGED, FILE_TOO_LARGE, or the connection's.
 */
export async function putObject(
  bucket: Bucket,
  key: string,
  file: SourceFile,
  credentials: Credentials,
  signal?: AbortSignal,
): Promise<void> {
  if (file.sizeBytes > maxPutBytes) {
    throw new DeviceFault('FILE_TOO_LARGE', `${file.path} has ${file.sizeBytes} bytes`)
  }
  const url = new URL(`${bucket.url}/${key.split('/').map(encodeUri).join('/')}`)
  const payload = createPutPayload(file, url.protocol === 'https:')
  const signable = {
    method: 'PUT',
    path: url.pathname,
    headers: { ...payload.headers, host: url.host, 'content-type': contentType(file.name), 'if-none-match': '*' },
    payloadHash: payload.payloadHash,
  }
  const headers = bucket.sign(signable, credentials, bucket.clock())
  const answer = await bucket.transport.send({ method: 'PUT', url, headers, body: payload.body, signal })
  if (answer.status !== 200) throw refusal(answer, key, bucket.clock())
}

function refusal({ status, headers, body }: HttpAnswer, key: string, now: Date): DeviceFault {
  const code = /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? ''
  const reason = decodeEntities(/<Message>([^<]+)<\/Message>/.exec(body)?.[1] ?? '')
  const message = `${key}: S3 answered ${status} ${code}${reason && `: ${reason}`}`
  switch (code) {
    case 'ExpiredToken':
      return new DeviceFault('CREDENTIALS_EXPIRED', message)
    case 'RequestTimeTooSkewed':
      return new DeviceFault('CLOCK_SKEWED', `this machine says ${now.toISOString()}, S3 says ${headers.date}`)
    case 'AccessDenied':
      return new DeviceFault('UPLOAD_DENIED', message)
    case 'NoSuchBucket':
      return new DeviceFault('BUCKET_MISSING', message)
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
      return new DeviceFault('UPLOAD_CORRUPTED', message)
    case 'RequestTimeout':
      return new DeviceFault('UPLOAD_UNAVAILABLE', message)
  }
  if (status === 412) return new DeviceFault('OBJECT_EXISTS', message)
  const isBusy = status === 409 || status === 429 || (status >= 500 && status !== 501)
  return new DeviceFault(isBusy ? 'UPLOAD_UNAVAILABLE' : 'UPLOAD_REFUSED', message)
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
