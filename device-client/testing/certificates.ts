import 'reflect-metadata'
import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  type Extension,
  type JsonName,
  Pkcs10CertificateRequest,
  type PublicKey,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000

export interface KeyAndCertificate {
  readonly key: string
  readonly cert: string
}

interface Validity {
  readonly notBefore?: Date
  readonly notAfter?: Date
}

export interface TestAuthority {
  readonly pem: string
  /** A certificate for a server with these DNS names and 127.0.0.1. */
  issueServer(names?: readonly string[], validity?: Validity): Promise<KeyAndCertificate>
  /** `subject`: further fields of it. */
  issueDevice(thingName: string, validity?: Validity, subject?: JsonName): Promise<KeyAndCertificate>
  /** As the vending function does it; `commonName` makes a wrong one. */
  sign(csrPem: string, commonName?: string): Promise<string>
}

export async function createTestAuthority(name = 'Test CA'): Promise<TestAuthority> {
  const keys = await generateKeys()
  const root = await generate(name, keys.publicKey, name, keys, {}, [
    new BasicConstraintsExtension(true, undefined, true),
  ])

  async function issue(
    commonName: string,
    validity: Validity,
    extensions: Extension[],
    subject: JsonName = [],
  ): Promise<KeyAndCertificate> {
    const own = await generateKeys()
    const certificate = await generate(commonName, own.publicKey, name, keys, validity, extensions, subject)
    return {
      key: KeyObject.from(own.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: certificate.toString('pem'),
    }
  }

  return {
    pem: root.toString('pem'),
    issueServer: (names = ['localhost'], validity = {}) => {
      const alternatives = names.map((value) => ({ type: 'dns' as const, value }))
      const ip = { type: 'ip' as const, value: '127.0.0.1' }
      return issue('server', validity, [new SubjectAlternativeNameExtension([...alternatives, ip])])
    },
    issueDevice: (thingName, validity = {}, subject = []) => issue(thingName, validity, [], subject),
    async sign(csrPem, commonName) {
      const request = new Pkcs10CertificateRequest(csrPem)
      const subject = commonName ?? request.subjectName.getField('CN')[0] ?? ''
      return (await generate(subject, request.publicKey, name, keys, {}, [])).toString('pem')
    },
  }
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function generate(
  subject: string,
  publicKey: webcrypto.CryptoKey | PublicKey,
  issuer: string,
  issuerKeys: webcrypto.CryptoKeyPair,
  { notBefore, notAfter }: Validity,
  extensions: Extension[],
  furtherSubject: JsonName = [],
): Promise<X509Certificate> {
  return await X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    subject: [{ CN: [subject] }, ...furtherSubject],
    issuer: [{ CN: [issuer] }],
    notBefore: notBefore ?? new Date(Date.now() - dayMs),
    notAfter: notAfter ?? new Date(Date.now() + dayMs),
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: issuerKeys.privateKey,
    extensions,
  })
}
