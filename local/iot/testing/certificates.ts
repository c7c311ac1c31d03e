import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** A CA that a test makes up. */
export interface TestAuthority {
  readonly pem: string
  issue(commonName: string, validity?: Validity): Promise<TestCertificate>
}

export interface TestCertificate {
  readonly cert: string
  readonly key: string
  readonly certificateId: string
}

interface Validity {
  readonly notBefore?: Date
  readonly notAfter?: Date
}

export async function createTestAuthority(commonName: string, validity: Validity = {}): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
  const name = [{ CN: [commonName] }]
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: KEY_ALGORITHM,
    ...datesOf(validity),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    pem: certificate.toString('pem'),
    async issue(subject, leafValidity = {}) {
      const leafKeys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
      const leaf = await x509.X509CertificateGenerator.create({
        subject: [{ CN: [subject] }, { O: ['Example'] }],
        issuer: name,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: KEY_ALGORITHM,
        ...datesOf(leafValidity),
      })
      return {
        cert: leaf.toString('pem'),
        key: await exportKey(leafKeys.privateKey),
        certificateId: Buffer.from(await leaf.getThumbprint('SHA-256')).toString('hex'),
      }
    },
  }
}

function datesOf({ notBefore, notAfter }: Validity) {
  return {
    notBefore: notBefore ?? new Date(Date.now() - DAY_MS),
    notAfter: notAfter ?? new Date(Date.now() + DAY_MS),
  }
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}
