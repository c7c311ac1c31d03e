import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const ec = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export interface TestAuthority {
  readonly pem: string
  /** A certificate that this authority signs, by its common name. */
  sign(commonName: string): Promise<string>
}

interface AuthorityOptions {
  readonly subject?: string
  readonly isCa?: boolean
  readonly notAfter?: Date
  readonly keys?: webcrypto.CryptoKeyPair
}

export function generateEcKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ec, true, ['sign', 'verify'])
}

export async function createAuthority(options: AuthorityOptions = {}): Promise<TestAuthority> {
  const { subject = 'CN=Test CA', isCa = true, notAfter = new Date('2099-01-01T00:00:00Z') } = options
  const keys = options.keys ?? (await generateEcKeys())
  const notBefore = new Date('2020-01-01T00:00:00Z')
  const signed = { issuer: subject, notBefore, notAfter, signingKey: keys.privateKey, signingAlgorithm: ec }
  const own = await x509.X509CertificateGenerator.create({
    ...signed,
    subject,
    publicKey: keys.publicKey,
    extensions: [new x509.BasicConstraintsExtension(isCa, undefined, true)],
  })
  return {
    pem: own.toString('pem'),
    async sign(commonName) {
      const { publicKey } = await generateEcKeys()
      const certificate = await x509.X509CertificateGenerator.create({
        ...signed,
        subject: [{ CN: [commonName] }],
        publicKey,
      })
      return certificate.toString('pem')
    },
  }
}

export async function createSigningRequest(commonName: string): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys: await generateEcKeys(),
    signingAlgorithm: ec,
  })
  return request.toString('pem')
}
