import { hash, timingSafeEqual } from 'node:crypto'
import type { Caller } from '#local/service.ts'
import type { CredentialLookup } from '../credential-lookup.ts'
import { formatCanonicalRequest } from './canonical-request.ts'
import { computeMac, type MacKey } from './mac-key.ts'
import type { Signature } from './parse-signature.ts'
import type { RequestHead } from './request-head.ts'
import {
  dateMismatch,
  expired,
  headersNotSigned,
  signatureMismatch,
  timeSkewed,
  wrongRegion,
} from './signature-errors.ts'
import { createSigningKeys, formatScope } from './signing-keys.ts'
import { readInstant } from './timestamp.ts'

const MAX_SKEW_MS = 15 * 60 * 1000

/** IAM has one endpoint, and STS an old global one, whose signatures always name us-east-1. */
const globalServices: ReadonlySet<string> = new Set(['iam', 'sts'])

export interface VerifiedSignature {
  readonly caller: Caller
  /** Signs the chunks of an aws-chunked payload. */
  readonly signingKey: MacKey
}

export interface SignatureVerifier {
  /** Throws the AwsError of the signed service. `payloadHash` is the text that stands for the payload in the canonical request. */
  verify(head: RequestHead, signature: Signature, payloadHash: string): VerifiedSignature
}

export function createSignatureVerifier(options: {
  credentials: CredentialLookup
  region: string
  clock: () => Date
}): SignatureVerifier {
  const findSigningKey = createSigningKeys()
  return {
    verify(head, signature, payloadHash) {
      const { scope } = signature
      checkScope(signature, options.region)
      checkSignedHeaders(head, signature)
      checkTime(signature, options.clock())
      const { secretAccessKey, caller } = options.credentials.find(signature.accessKeyId, signature.sessionToken)
      const { signedHeaders } = signature
      const canonicalRequest = formatCanonicalRequest(head, { service: scope.service, signedHeaders, payloadHash })
      const stringToSign = formatStringToSign(signature, canonicalRequest)
      const signingKey = findSigningKey(secretAccessKey, scope)
      if (!isSignature(signature.signature, computeMac(signingKey, stringToSign))) {
        throw signatureMismatch(signature, stringToSign, canonicalRequest)
      }
      return { caller, signingKey }
    },
  }
}

/** Compares a signature that was sent with the right one, in constant time. */
export function isSignature(sent: string, right: Buffer): boolean {
  return /^[0-9a-f]{64}$/.test(sent) && timingSafeEqual(Buffer.from(sent, 'hex'), right)
}

function formatStringToSign({ timestamp, scope }: Signature, canonicalRequest: string): string {
  // Header values are octets that Node shows as latin1; the client hashed the octets.
  const digest = hash('sha256', Buffer.from(canonicalRequest, 'latin1'))
  return `AWS4-HMAC-SHA256\n${timestamp}\n${formatScope(scope)}\n${digest}`
}

function checkScope(signature: Signature, region: string): void {
  const { scope, timestamp } = signature
  const isGlobal = globalServices.has(scope.service) && scope.region === 'us-east-1'
  if (scope.region !== region && !isGlobal) throw wrongRegion(signature, region)
  if (scope.date !== timestamp.slice(0, 8)) throw dateMismatch(signature)
}

/** A header that steers the request must be covered, or a proxy could add it: host and everything x-amz-. */
function checkSignedHeaders(head: RequestHead, signature: Signature): void {
  const signed = new Set(signature.signedHeaders)
  const unsigned = [...head.headers.keys()].filter((name) => name.startsWith('x-amz-') && !signed.has(name))
  if (!signed.has('host')) unsigned.unshift('host')
  if (unsigned.length > 0) throw headersNotSigned(signature, unsigned)
}

function checkTime(signature: Signature, now: Date): void {
  const { expiresSeconds, timestamp } = signature
  const ageMs = now.getTime() - readInstant(timestamp)
  if (-ageMs > MAX_SKEW_MS) throw timeSkewed(signature, now)
  if (expiresSeconds === undefined) {
    if (ageMs > MAX_SKEW_MS) throw timeSkewed(signature, now)
  } else if (ageMs > expiresSeconds * 1000) {
    throw expired(signature, now)
  }
}
