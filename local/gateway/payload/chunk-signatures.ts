import { createHash, type Hash, hash } from 'node:crypto'
import { AwsError } from '#local/service.ts'
import { computeMac, type MacKey } from '../sigv4/mac-key.ts'
import { isSignature } from '../sigv4/verify-signature.ts'

const EMPTY_SHA256 = hash('sha256', '')

export interface ChunkSignatures {
  update(part: Buffer): void
  /** The chunk is complete: what update() saw must carry this signature. */
  checkChunk(signature: string): void
  checkTrailers(canonicalTrailers: string, signature: string): void
}

/** Each chunk's signature covers the one before it, the first one the request's own. */
export function createChunkSignatures(options: {
  signingKey: MacKey
  timestamp: string
  scope: string
  seed: string
}): ChunkSignatures {
  const { signingKey, timestamp, scope } = options
  let previous = options.seed
  let sha256: Hash = createHash('sha256')

  function check(kind: 'PAYLOAD' | 'TRAILER', digests: string, signature: string): void {
    const text = `AWS4-HMAC-SHA256-${kind}\n${timestamp}\n${scope}\n${previous}\n${digests}`
    if (!isSignature(signature, computeMac(signingKey, text))) {
      throw new AwsError(
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        403,
        { members: { StringToSign: text, SignatureProvided: signature } },
      )
    }
    previous = signature
  }

  return {
    update: (part) => void sha256.update(part),
    checkChunk(signature) {
      check('PAYLOAD', `${EMPTY_SHA256}\n${sha256.digest('hex')}`, signature)
      sha256 = createHash('sha256')
    },
    checkTrailers: (canonicalTrailers, signature) => check('TRAILER', hash('sha256', canonicalTrailers), signature),
  }
}
