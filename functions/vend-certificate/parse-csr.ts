import { createPublicKey, type KeyObject } from 'node:crypto'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import { Fault } from '#contract/fault.ts'
import { parseThingName } from '#contract/thing-name.ts'
import { isStrongKey, minRsaBits } from '../x509/strong-key.ts'

/** What is taken from a CSR: nothing else in it, extensions included, comes into a certificate. */
export interface CertificateRequest {
  readonly thingName: string
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array<ArrayBuffer>
}

const pemLabel = /^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----[\s\S]+-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/
const commonName = '2.5.4.3'

/**
 * Reads a PEM PKCS#10 request and proves that who made it holds the key. Throws CSR_MALFORMED, CSR_KEY_WEAK,
 * CSR_SIGNATURE_INVALID or THING_NAME_INVALID; nothing of the request's text is repeated in a message.
 */
export async function parseCsr(pem: string): Promise<CertificateRequest> {
  const request = readRequest(pem)
  const publicKey = new Uint8Array(request.publicKey.rawData)
  requireStrongKey(publicKey)
  const isSigned = await request.verify().catch(() => false)
  if (!isSigned) {
    throw new Fault('CSR_SIGNATURE_INVALID', 'the CSR is not signed by the key that it carries', {
      hint: 'make the CSR again with the private key of its own public key',
    })
  }
  return { thingName: readThingName(request), publicKey }
}

function readRequest(pem: string): Pkcs10CertificateRequest {
  try {
    if (!pemLabel.test(pem.trimStart())) throw new Error('no PEM of a certificate request')
    return new Pkcs10CertificateRequest(pem)
  } catch (cause) {
    throw new Fault('CSR_MALFORMED', 'that is not a PEM-encoded PKCS#10 certificate request', {
      cause,
      hint: 'make one: openssl req -new -key device.key -subj /CN=THING',
    })
  }
}

function requireStrongKey(spki: Uint8Array<ArrayBuffer>): void {
  if (!isStrongKey(readKey(spki))) {
    throw new Fault('CSR_KEY_WEAK', 'the key is too weak, or of a kind that AWS IoT does not take', {
      hint: `use EC P-256, P-384 or P-521, or RSA of at least ${minRsaBits} bits`,
    })
  }
}

function readKey(spki: Uint8Array<ArrayBuffer>): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (cause) {
    throw new Fault('CSR_MALFORMED', 'the public key in the CSR cannot be read', { cause })
  }
}

function readThingName(request: Pkcs10CertificateRequest): string {
  const names = request.subjectName.getField(commonName)
  const [name] = names
  if (name === undefined || names.length > 1) {
    throw new Fault('CSR_MALFORMED', `the subject has ${names.length} common names`, {
      hint: 'name the thing once: /CN=THING',
    })
  }
  return parseThingName(name)
}
