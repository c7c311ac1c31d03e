// Decorators of @peculiar/x509's dependencies need it at their import.
import 'reflect-metadata'
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const commonName = '2.5.4.3'
const pemBlock = /-----BEGIN (NEW )?CERTIFICATE REQUEST-----[^-]+-----END (NEW )?CERTIFICATE REQUEST-----/

/** PEM of a PKCS#10 request for the subject CN=thingName, signed with its EC P-256 key. */
export async function createCertificateRequest(thingName: string, privateKey: KeyObject): Promise<string> {
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const { subtle } = webcrypto
  const keys = {
    privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
  }
  const request = await Pkcs10CertificateRequestGenerator.create({
    // As JSON: in the text form of a name some characters mean something.
    name: [{ CN: [thingName] }],
    keys,
    signingAlgorithm: algorithm,
  })
  return request.toString('pem')
}

/** A request that someone made with a key that stays where it is. */
export interface GivenRequest {
  readonly pem: string
  readonly publicKey: KeyObject
}

/** Reads the request of a file and nothing else of it. Throws an Error that says what is wrong with it for this thing. */
export async function parseGivenRequest(text: string, thingName: string): Promise<GivenRequest> {
  const { pem, request } = readRequest(text)
  if (!(await request.verify().catch(() => false))) throw new Error('is not signed by the key that it carries')
  const names = request.subjectName.getField(commonName)
  if (names.length !== 1 || names[0] !== thingName) {
    throw new Error(`is for ${JSON.stringify(names.join(', ').slice(0, 140))}, not for ${thingName}`)
  }
  return {
    pem,
    publicKey: createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' }),
  }
}

function readRequest(text: string): { pem: string; request: Pkcs10CertificateRequest } {
  const [pem] = pemBlock.exec(text) ?? []
  if (pem === undefined) throw new Error('holds no PEM of a certificate request')
  try {
    return { pem, request: new Pkcs10CertificateRequest(pem) }
  } catch {
    throw new Error('is no PKCS#10 certificate request')
  }
}
