import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { createSerialNumber, keyIdentifierOf } from './certificate-fields.ts'
import type { Signer } from './kms-signer.ts'

export interface CaSubject {
  readonly commonName: string
  /** The key's SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array<ArrayBuffer>
  readonly validityDays: number
}

/** A self-signed CA certificate (PEM) that may sign device certificates and nothing below them. */
export async function createCaCertificate(
  { commonName, publicKey, validityDays }: CaSubject,
  signer: Signer,
  now: Date,
): Promise<string> {
  const name = [{ CN: [commonName] }]
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: createSerialNumber(),
      subject: name,
      issuer: name,
      notBefore: now,
      notAfter: new Date(now.getTime() + validityDays * 86_400_000),
      publicKey,
      signingKey: signer.key,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        new SubjectKeyIdentifierExtension(keyIdentifierOf(publicKey)),
      ],
    },
    signer.crypto,
  )
  return `${certificate.toString('pem')}\n`
}
