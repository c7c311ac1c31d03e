import { encodeUri, formatQuery, type SignRequest } from '#contract/sigv4.ts'
import type { CredentialCache } from './credential-cache.ts'
import type { Credentials } from './credentials.ts'
import { DeviceFault } from './device-fault.ts'
import type { HttpAnswer, HttpTransport } from './http-transport.ts'
import type { PutPayload } from './put-payload.ts'
import type { Runtime } from './runtime.ts'
import { s3Refusal } from './s3-refusal.ts'

/** Where objects go, and how requests for it are signed. */
interface Bucket {
  /** Without a slash at its end. */
  readonly url: string
  readonly transport: HttpTransport
  readonly sign: SignRequest
}

/** Who sends. */
export interface Uploader {
  readonly thingName: string
  readonly bucket: Bucket
  readonly credentials: CredentialCache
  readonly runtime: Runtime
}

export interface S3Request {
  readonly method: 'DELETE' | 'POST' | 'PUT'
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Made for each attempt, for an address with TLS or without. */
  readonly payload?: (isTls: boolean) => Pick<PutPayload, 'headers' | 'payloadHash' | 'body'>
}

interface Address {
  readonly url: URL
  readonly host: string
  readonly isTls: boolean
  /** Of the bucket, with no slash at its end. */
  readonly path: string
}

const addresses = new WeakMap<Bucket, Address>()

function addressOf(bucket: Bucket): Address {
  const known = addresses.get(bucket)
  if (known !== undefined) return known
  const url = new URL(bucket.url)
  const { host, protocol, pathname } = url
  const address = { url, host, isTls: protocol === 'https:', path: pathname.replace(/\/$/, '') }
  addresses.set(bucket, address)
  return address
}

/** Credentials that S3 has accepted: refused later, they were revoked, or replaced with their certificate. */
const proven = new WeakSet<Credentials>()

/**
 * Sends one request, and once more with new credentials when the present ones have ended. Resolves with a success; throws
 * DeviceFault: OBJECT_EXISTS, UPLOAD_…, BUCKET_MISSING, CLOCK_SKEWED as S3 says it, the credentials', the connection's.
 */
export async function sendToS3(uploader: Uploader, request: S3Request, signal?: AbortSignal): Promise<HttpAnswer> {
  const { credentials } = uploader
  const current = await credentials.get()
  try {
    return await attempt(uploader, request, current, signal)
  } catch (error) {
    if (!(error instanceof DeviceFault)) throw error
    const haveEnded = error.code === 'CREDENTIALS_EXPIRED' || (error.code === 'UPLOAD_DENIED' && proven.has(current))
    if (!haveEnded) throw error
    credentials.discard(current)
    return await attempt(uploader, request, await credentials.get(), signal)
  }
}

const noQuery: Readonly<Record<string, string>> = {}
const emptyPayload = { headers: { 'content-length': '0' }, payloadHash: 'UNSIGNED-PAYLOAD', body: '' }

async function attempt(
  { bucket, runtime }: Uploader,
  { method, key, query = noQuery, headers, payload }: S3Request,
  credentials: Credentials,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const { url, host, isTls, path: root } = addressOf(bucket)
  const path = `${root}/${key.split('/').map(encodeUri).join('/')}`
  const content = payload?.(isTls) ?? emptyPayload
  const signable = {
    method,
    path,
    query,
    headers: { ...content.headers, ...headers, host },
    payloadHash: content.payloadHash,
  }
  const signed = bucket.sign(signable, credentials, runtime.clock())
  const target = query === noQuery ? path : `${path}?${formatQuery(query)}`
  const answer = await bucket.transport.send({ method, url, path: target, headers: signed, body: content.body, signal })
  if (answer.status >= 300 || answer.body.includes('<Error>')) throw s3Refusal(answer, key, runtime.clock())
  proven.add(credentials)
  return answer
}
