import 'reflect-metadata'
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto'
import { promisify } from 'node:util'
import * as x509 from '@peculiar/x509'
import type { Registry } from '../registry/types.ts'

export interface CertificateIssuer {
  /** Signs a device certificate with AWS IoT's own authority, as CreateKeysAndCertificate does. */
  issue(publicKey: KeyObject, subject: x509.JsonName): Promise<string>
}

const keyAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
// The validity that AWS IoT gives to the certificates it signs.
const backdatedMs = 120_000
const notAfter = new Date('2049-12-31T23:59:59Z')

interface Authority {
  readonly certificate: x509.X509Certificate
  readonly key: webcrypto.CryptoKey
}

/** The authority is made at the first use and kept in the registry. */
export function createCertificateIssuer(registry: Registry, clock: () => Date): CertificateIssuer {
  let opened: Promise<Authority> | undefined
  const notBefore = () => new Date(clock().getTime() - backdatedMs)

  return {
    async issue(publicKey, subject) {
      opened ??= openAuthority(registry, notBefore())
      const authority = await opened
      const spki = publicKey.export({ type: 'spki', format: 'der' })
      const certificate = await x509.X509CertificateGenerator.create({
        subject,
        issuer: authority.certificate.subject,
        notBefore: notBefore(),
        notAfter,
        publicKey: new x509.PublicKey(new Uint8Array(spki)),
        signingKey: authority.key,
        signingAlgorithm: keyAlgorithm,
        extensions: [
          await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
          await x509.SubjectKeyIdentifierExtension.create(new x509.PublicKey(new Uint8Array(spki))),
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        ],
      })
      return `${certificate.toString('pem')}\n`
    },
  }
}

async function openAuthority({ settings, transaction }: Registry, notBefore: Date): Promise<Authority> {
  if (!settings.get('issuerKey')) {
    const pair = await generateRsaKeys()
    const key = await importSigningKey(pair.privateKey)
    const certificate = await x509.X509CertificateGenerator.create({
      subject: 'CN=AWS IoT device certificates (embedded)',
      issuer: 'CN=AWS IoT device certificates (embedded)',
      notBefore,
      notAfter,
      publicKey: new x509.PublicKey(new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }))),
      signingKey: key,
      signingAlgorithm: keyAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    })
    transaction(() => {
      settings.put('issuerKey', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
      settings.put('issuerCertificate', certificate.toString('pem'))
    })
  }
  return {
    key: await importSigningKey(createPrivateKey(settings.get('issuerKey') ?? '')),
    certificate: new x509.X509Certificate(settings.get('issuerCertificate') ?? ''),
  }
}

function importSigningKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' })
  return webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, false, ['sign'])
}

export async function generateRsaKeys(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
}

const acceptedCurves = ['prime256v1', 'secp384r1', 'secp521r1']

/** The keys that AWS IoT takes: RSA of 2048 bits or more, NIST P-256, P-384 and P-521. */
export function isAcceptedKey(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  return key.asymmetricKeyType === 'rsa' ? modulusLength >= 2048 : acceptedCurves.includes(namedCurve)
}

/** Reads a PKCS#10 request and checks its own signature; undefined when it is none or does not fit. */
export async function readSigningRequest(
  pem: string,
): Promise<{ publicKey: KeyObject; subject: x509.JsonName } | undefined> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem)
    const publicKey = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' })
    return (await request.verify()) ? { publicKey, subject: request.subjectName.toJSON() } : undefined
  } catch {
    return undefined
  }
}
