import { AwsError, notImplemented, type PayloadSignature } from '#local/service.ts'
import type { Signature } from '../sigv4/parse-signature.ts'
import type { RequestHead } from '../sigv4/request-head.ts'
import { formatScope } from '../sigv4/signing-keys.ts'
import type { VerifiedSignature } from '../sigv4/verify-signature.ts'
import { createChunkReader } from './chunk-reader.ts'
import { createChunkSignatures } from './chunk-signatures.ts'
import { createHashReader, createPlainReader, type PayloadReader } from './payload-reader.ts'

const framings: ReadonlySet<string> = new Set([
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
])

/** What stands for an S3 payload in the canonical request: the value of `x-amz-content-sha256`. */
export function readPayloadHash(head: RequestHead, signature: Signature | undefined): string {
  const sent = head.headers.get('x-amz-content-sha256')?.[0]
  const asked =
    signature?.place === 'query' ? new URLSearchParams(head.rawQuery).get('X-Amz-Content-Sha256') : undefined
  const value = asked ?? sent ?? (signature?.place === 'header' ? undefined : 'UNSIGNED-PAYLOAD')
  if (value === undefined) {
    throw new AwsError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  if (value.startsWith('STREAMING-AWS4-ECDSA')) throw notImplemented(`x-amz-content-sha256: ${value}`)
  if (value !== 'UNSIGNED-PAYLOAD' && !framings.has(value) && !/^[0-9a-f]{64}$/.test(value)) {
    throw new AwsError(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
      400,
      { members: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value } },
    )
  }
  return value
}

export interface PayloadPlan {
  readonly reader: PayloadReader
  readonly trailers: Record<string, string>
  readonly payloadSignature: PayloadSignature
}

/** How the payload of an S3 request is to be read, given its signature (undefined for an anonymous request). */
export function planPayload(
  head: RequestHead,
  payloadHash: string,
  signed: (VerifiedSignature & { signature: Signature }) | undefined,
): PayloadPlan {
  const trailers: Record<string, string> = {}
  if (framings.has(payloadHash)) {
    const reader = createChunkReader({
      decodedBytes: readDecodedBytes(head),
      trailerNames: payloadHash.endsWith('-TRAILER') ? readTrailerNames(head) : [],
      signatures: payloadHash.startsWith('STREAMING-UNSIGNED') ? undefined : chunkSignatures(signed),
      trailers,
    })
    return { reader, trailers, payloadSignature: payloadHash.startsWith('STREAMING-UNSIGNED') ? 'unsigned' : 'chunked' }
  }
  if (payloadHash === 'UNSIGNED-PAYLOAD') {
    return { reader: createPlainReader(), trailers, payloadSignature: signed ? 'unsigned' : 'none' }
  }
  return { reader: createHashReader(payloadHash), trailers, payloadSignature: signed ? 'hash' : 'none' }
}

function chunkSignatures(signed: (VerifiedSignature & { signature: Signature }) | undefined) {
  if (!signed) throw new AwsError('AccessDenied', 'Access Denied', 403)
  const { signature, signingKey } = signed
  const { timestamp, scope } = signature
  return createChunkSignatures({ signingKey, timestamp, scope: formatScope(scope), seed: signature.signature })
}

function readDecodedBytes({ headers }: RequestHead): number {
  const text = headers.get('x-amz-decoded-content-length')?.[0] ?? ''
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new AwsError('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411)
}

function readTrailerNames({ headers }: RequestHead): string[] {
  const names = (headers.get('x-amz-trailer') ?? []).join(',').toLowerCase().split(',')
  return names.map((name) => name.trim()).filter((name) => name !== '')
}
