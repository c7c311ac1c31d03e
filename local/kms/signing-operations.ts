import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { GetPublicKeyCommandInput } from '@aws-sdk/client-kms'
import { AwsError, notImplemented, type Operations } from '#local/service.ts'
import { type Key, keySpec, signingAlgorithm } from './key.ts'
import { invalid } from './kms-errors.ts'
import { checkUsable, type KmsState, openKey } from './open-key.ts'
import { signDigest, verifyDigest } from './p256.ts'

const MAX_RAW_BYTES = 4096
const DIGEST_BYTES = 32

/** SignRequest and VerifyRequest as they arrive: bytes are base64 text, and nothing is checked. */
interface SignatureInput {
  readonly KeyId?: unknown
  readonly Message?: unknown
  readonly MessageType?: unknown
  readonly Signature?: unknown
  readonly SigningAlgorithm?: unknown
  readonly DryRun?: unknown
  readonly GrantTokens?: readonly unknown[]
}

export function createSigningOperations(state: KmsState) {
  const parsed = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>()

  function parseKey({ id, privateKey, publicKey }: Key) {
    const known = parsed.get(id) ?? {
      privateKey: createPrivateKey({ key: Buffer.from(privateKey, 'base64'), type: 'pkcs8', format: 'der' }),
      publicKey: createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' }),
    }
    parsed.set(id, known)
    return known
  }

  function open(input: SignatureInput, action: 'Sign' | 'Verify', call: Parameters<typeof openKey>[3]) {
    const messageType = input.MessageType ?? 'RAW'
    const key = openKey(state, input.KeyId, action, call, {
      'kms:SigningAlgorithm': String(input.SigningAlgorithm),
      'kms:MessageType': String(messageType),
    })
    checkUsable(key)
    if (input.GrantTokens && input.GrantTokens.length > 0) throw notImplemented('KMS grants')
    if (input.SigningAlgorithm !== signingAlgorithm) {
      throw new AwsError(
        'InvalidKeyUsageException',
        `Algorithm ${input.SigningAlgorithm} is incompatible with key spec ${keySpec}.`,
      )
    }
    const message = parseMessage(input.Message, messageType)
    if (input.DryRun) {
      throw new AwsError(
        'DryRunOperationException',
        'The request would have succeeded, but the DryRun option is set.',
        412,
      )
    }
    return { key, ...parseKey(key), message, isDigest: messageType === 'DIGEST' }
  }

  return {
    GetPublicKey(input: GetPublicKeyCommandInput, call) {
      const key = openKey(state, input.KeyId, 'GetPublicKey', call)
      checkUsable(key)
      return {
        KeyId: key.arn,
        PublicKey: Buffer.from(key.publicKey, 'base64'),
        CustomerMasterKeySpec: keySpec,
        KeySpec: keySpec,
        KeyUsage: 'SIGN_VERIFY',
        SigningAlgorithms: [signingAlgorithm],
      }
    },

    Sign(input: SignatureInput, call) {
      const { key, privateKey, message, isDigest } = open(input, 'Sign', call)
      const Signature = isDigest ? signDigest(message, privateKey) : sign('sha256', message, privateKey)
      return { KeyId: key.arn, Signature, SigningAlgorithm: signingAlgorithm }
    },

    Verify(input: SignatureInput, call) {
      const { key, publicKey, message, isDigest } = open(input, 'Verify', call)
      const signature = parseBytes(input.Signature, 'signature')
      const isValid = isDigest
        ? verifyDigest(message, publicKey, signature)
        : verify('sha256', message, publicKey, signature)
      if (!isValid) throw new AwsError('KMSInvalidSignatureException', 'The signature is not valid.')
      return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: signingAlgorithm }
    },
  } satisfies Operations
}

function parseMessage(input: unknown, messageType: unknown): Buffer {
  const message = parseBytes(input, 'message')
  if (messageType === 'RAW') {
    if (message.length > MAX_RAW_BYTES) throw invalid(`message must be at most ${MAX_RAW_BYTES} bytes; sign its digest`)
  } else if (messageType === 'DIGEST') {
    if (message.length !== DIGEST_BYTES) throw invalid(`Digest is invalid length for algorithm ${signingAlgorithm}.`)
  } else {
    throw invalid(`MessageType must be RAW or DIGEST for ${keySpec}, not ${messageType}`)
  }
  return message
}

function parseBytes(input: unknown, name: string): Buffer {
  const bytes = input instanceof Uint8Array ? Buffer.from(input) : Buffer.from(String(input ?? ''), 'base64')
  if (bytes.length === 0) throw invalid(`${name} must have length greater than or equal to 1`)
  return bytes
}
