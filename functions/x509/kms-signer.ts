import { createHash, webcrypto } from 'node:crypto'
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { AsnEcSignatureFormatter } from '@peculiar/x509'

/** An EC P-256 key in KMS, as @peculiar/x509 wants to see one: a CryptoKey, and a Crypto that can sign with it. */
export interface Signer {
  readonly crypto: webcrypto.Crypto
  readonly key: webcrypto.CryptoKey
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** The private key never leaves KMS: only a digest goes there, and only a signature comes back. */
export function createKmsSigner(kms: KMSClient, keyId: string): Signer {
  async function sign(_algorithm: unknown, _key: unknown, message: Uint8Array): Promise<ArrayBuffer> {
    const { Signature } = await kms.send(
      new SignCommand({
        KeyId: keyId,
        Message: createHash('sha256').update(new Uint8Array(message)).digest(),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    )
    if (!Signature) throw new Error('KMS answered without a signature')
    // KMS signs in DER, WebCrypto in r‖s: the library turns what WebCrypto gives back into DER.
    const raw = new AsnEcSignatureFormatter().toWebSignature(algorithm, new Uint8Array(Signature))
    if (!raw) throw new Error('KMS answered with something that is no ECDSA signature')
    return raw
  }

  const key = { type: 'private', extractable: false, usages: ['sign'], algorithm }
  return {
    crypto: {
      getRandomValues: webcrypto.getRandomValues.bind(webcrypto),
      subtle: { sign },
    } as unknown as webcrypto.Crypto,
    key: key as webcrypto.CryptoKey,
  }
}

/** DER of the key's SubjectPublicKeyInfo. */
export async function readPublicKey(kms: KMSClient, keyId: string): Promise<Uint8Array<ArrayBuffer>> {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: keyId }))
  if (!PublicKey) throw new Error('KMS answered without a public key')
  return new Uint8Array(PublicKey)
}
