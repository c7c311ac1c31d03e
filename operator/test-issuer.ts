import 'reflect-metadata'
import { createHash, webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequest, X509CertificateGenerator } from '@peculiar/x509'
import type { TestAnswer, TestRequest } from './test-api.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const year = { notBefore: new Date('2026-01-01'), notAfter: new Date('2027-01-01') }

/** A CA that answers as POST /v1/certificates/issue does: for a key that it knows, the same certificate. */
export async function createTestIssuer() {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ['Test CA'] }],
    keys,
    signingAlgorithm: algorithm,
    ...year,
  })
  const issued = new Map<string, Promise<object>>()

  async function issue(request: Pkcs10CertificateRequest): Promise<object> {
    const [thingName] = request.subjectName.getField('CN')
    const certificate = await X509CertificateGenerator.create({
      subject: request.subject,
      issuer: ca.subject,
      publicKey: request.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...year,
    })
    return {
      certificateId: createHash('sha256').update(Buffer.from(certificate.rawData)).digest('hex'),
      certificatePem: certificate.toString('pem'),
      chainPem: ca.toString('pem'),
      notAfter: certificate.notAfter.toISOString(),
      device: {
        thingName,
        thingTypeName: 'Device',
        region: 'eu-west-1',
        bucket: 'files',
        roleAlias: 'uploads',
        mqttEndpoint: 'mqtt.example:8883',
        credentialsEndpoint: 'credentials.example',
        apiUrl: 'https://api.example',
      },
    }
  }

  return {
    chainPem: ca.toString('pem'),
    /** Hashes of the public keys that have a certificate. */
    issued,
    async answer({ body }: Pick<TestRequest, 'body'>): Promise<TestAnswer> {
      const request = new Pkcs10CertificateRequest(JSON.parse(body).csr)
      const hash = createHash('sha256').update(Buffer.from(request.publicKey.rawData)).digest('hex')
      const certificate = issued.get(hash) ?? issue(request)
      issued.set(hash, certificate)
      return { status: 201, body: await certificate }
    },
  }
}
