import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { SigningCa } from '../stores/ca-store.ts'
import type { IssuedCertificate } from '../stores/issued-certificate.ts'
import { certificateIdOf, createSerialNumber, hashPublicKey, keyIdentifierOf } from '../x509/certificate-fields.ts'
import type { Signer } from '../x509/kms-signer.ts'
import type { CertificateRequest } from './parse-csr.ts'

/** A device's clock may be behind ours: the certificate is valid from this long ago, in milliseconds. */
const backdateMs = 5 * 60_000

export interface SigningOptions {
  readonly signer: Signer
  readonly ca: SigningCa
  readonly validityDays: number
}

/** A client certificate for the thing, signed by the fleet CA; it never outlives the CA. */
export async function signCertificate(
  { thingName, publicKey }: CertificateRequest,
  { signer, ca: { caCertificateId, certificatePem }, validityDays }: SigningOptions,
  now: Date,
): Promise<IssuedCertificate> {
  const ca = new X509Certificate(certificatePem)
  const wanted = now.getTime() + validityDays * 86_400_000
  const notAfter = new Date(Math.min(wanted, ca.notAfter.getTime()))
  const serialNumber = createSerialNumber()
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber,
      // Names as JSON: a DN as text swallows some characters.
      subject: [{ CN: [thingName] }],
      issuer: ca.subjectName,
      notBefore: new Date(now.getTime() - backdateMs),
      notAfter,
      publicKey,
      signingKey: signer.key,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        new SubjectKeyIdentifierExtension(keyIdentifierOf(publicKey)),
        new AuthorityKeyIdentifierExtension(keyIdentifierOf(new Uint8Array(ca.publicKey.rawData))),
      ],
    },
    signer.crypto,
  )
  return {
    certificateId: certificateIdOf(certificate.rawData),
    certificatePem: `${certificate.toString('pem')}\n`,
    notAfter: notAfter.toISOString(),
    publicKeyHash: hashPublicKey(publicKey),
    serialNumber,
    caCertificateId,
    chainPem: certificatePem,
  }
}
