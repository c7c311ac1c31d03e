import 'reflect-metadata'
import { createPrivateKey, type webcrypto, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { secureContextOptions } from './server-tls-options.ts'

const SERVER_VALID_DAYS = 397
/** Looked at when the cloud starts, so it should outlive any run of it. */
const SERVER_RENEW_DAYS = 90
const CA_VALID_DAYS = 7300
const DAY_MS = 86_400_000
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const CA_NAME = [{ C: ['US'] }, { O: ['thingdrop embedded cloud'] }, { CN: ['Amazon Root CA 1 (embedded)'] }]

/** What the TLS endpoints of the embedded cloud show their clients. */
export interface ServerIdentity {
  /** `AmazonRootCA1.pem`: the CA that clients have to trust. */
  readonly caFile: string
  readonly caCertificatePem: string
  readonly secureContext: SecureContext
}

interface KeyPair {
  readonly keyPem: string
  readonly certificatePem: string
}

/** Reads the cloud CA and the server certificate from the folder, and makes what is missing or about to expire. */
export async function createServerIdentity({
  folder,
  clock,
}: {
  folder: string
  clock: () => Date
}): Promise<ServerIdentity> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const caFile = join(folder, 'AmazonRootCA1.pem')
  const authority = await loadOrMake(caFile, join(folder, 'AmazonRootCA1.key'), () => makeAuthority(clock()))
  const issuer = await importAuthority(authority)

  const isUsable = ({ certificatePem }: KeyPair) => {
    const certificate = new x509.X509Certificate(certificatePem)
    return (
      certificate.issuer === issuer.certificate.subject &&
      certificate.notAfter.getTime() - clock().getTime() > SERVER_RENEW_DAYS * DAY_MS
    )
  }
  const makeServer = () => issueServerCertificate(issuer, clock())
  const server = await loadOrMake(join(folder, 'server.pem'), join(folder, 'server.key'), makeServer, isUsable)

  return {
    caFile,
    caCertificatePem: authority.certificatePem,
    secureContext: createSecureContext({
      ...secureContextOptions,
      key: server.keyPem,
      cert: server.certificatePem,
    }),
  }
}

async function loadOrMake(
  certificateFile: string,
  keyFile: string,
  make: () => Promise<KeyPair>,
  isUsable: (pair: KeyPair) => boolean = () => true,
): Promise<KeyPair> {
  if (existsSync(certificateFile) && existsSync(keyFile)) {
    const pair = { keyPem: readFileSync(keyFile, 'utf8'), certificatePem: readFileSync(certificateFile, 'utf8') }
    // A kill between the two writes below leaves a key and a certificate that do not belong together.
    const belong = new X509Certificate(pair.certificatePem).checkPrivateKey(createPrivateKey(pair.keyPem))
    if (belong && isUsable(pair)) return pair
  }
  const pair = await make()
  replaceFile(keyFile, pair.keyPem, 0o600)
  replaceFile(certificateFile, pair.certificatePem, 0o644)
  return pair
}

function replaceFile(file: string, content: string, mode: number) {
  writeFileSync(`${file}.new`, content, { mode })
  renameSync(`${file}.new`, file)
}

async function makeAuthority(now: Date): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: CA_NAME,
    keys,
    signingAlgorithm: KEY_ALGORITHM,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + CA_VALID_DAYS * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { keyPem: await exportKey(keys.privateKey), certificatePem: certificate.toString('pem') }
}

interface Authority {
  readonly certificate: x509.X509Certificate
  readonly signingKey: webcrypto.CryptoKey
}

async function importAuthority({ keyPem, certificatePem }: KeyPair): Promise<Authority> {
  const [der] = x509.PemConverter.decode(keyPem)
  if (!der) throw new Error('The key of the cloud CA is no PEM file')
  const signingKey = await crypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign'])
  return { certificate: new x509.X509Certificate(certificatePem), signingKey }
}

async function issueServerCertificate(issuer: Authority, now: Date): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: ['localhost'] }],
    issuer: issuer.certificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: issuer.signingKey,
    signingAlgorithm: KEY_ALGORITHM,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + SERVER_VALID_DAYS * DAY_MS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: '*.localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.certificate),
    ],
  })
  return { keyPem: await exportKey(keys.privateKey), certificatePem: certificate.toString('pem') }
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}
