import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import type { IssueCertificateRequest } from '#contract/certificates-api.ts'
import type { Operator } from '../create-operator.ts'
import { OperatorError } from '../operator-error.ts'
import { createCertificateRequest, type GivenRequest } from './certificate-request.ts'
import { checkIssuedCertificate, isFor } from './check-issued-certificate.ts'
import { type DeviceFiles, openDeviceFiles, readOptional, readOrCreate, writeDurably } from './device-files.ts'

/** One device that gets a certificate. */
export interface IssuedDevice {
  readonly thingName: string
  readonly line: number
  readonly request: Omit<IssueCertificateRequest, 'csr'>
  /** A request by a key that is elsewhere; without it the key is made here. */
  readonly given: GivenRequest | undefined
}

export interface IssueSettings {
  readonly operator: Operator
  /** The folder of folders. */
  readonly out: string
  /** Saved in each configuration: the CAs that the device trusts instead of its own. */
  readonly caFile: string | undefined
}

const generateKey = promisify(generateKeyPair)

/**
 * Makes one device's folder, or goes on where an earlier run was killed. The key is on disk before a certificate is asked
 * for, and the certificate is written last: a folder without one asks again with its key, and gets the same certificate.
 */
export async function issueDevice(device: IssuedDevice, settings: IssueSettings): Promise<'made' | 'there'> {
  const { thingName, request, given } = device
  const { operator, out, caFile } = settings
  const files = await openDeviceFiles(out, thingName)
  const certificate = await readOptional(files.certificate)
  const own = given === undefined ? await prepareKey(files, certificate !== undefined) : await refuseKey(files)
  const publicKey = given?.publicKey ?? createPublicKey(own as KeyObject)
  if (certificate !== undefined) {
    checkFinished(certificate, files, thingName, publicKey)
    if ((await readOptional(files.configuration)) !== undefined) return 'there'
  }
  const csr = given?.pem ?? (await createCertificateRequest(thingName, own as KeyObject))
  const answer = await operator.certificates.issue({ ...request, csr })
  checkIssuedCertificate(answer, thingName, publicKey)
  const configuration = { ...answer.device, ...(caFile !== undefined && { caFile }) }
  await writeDurably(files.configuration, `${JSON.stringify(configuration, undefined, 2)}\n`)
  await writeDurably(files.certificate, `${answer.certificatePem.trim()}\n${answer.chainPem.trim()}\n`)
  return 'made'
}

/** The key of an earlier run, or a new one. A certificate without its key is nothing to go on with. */
async function prepareKey({ folder, key }: DeviceFiles, isIssued: boolean): Promise<KeyObject> {
  const pem = await readOrCreate(key, () => {
    if (isIssued) throw inUse(folder, 'holds a certificate, and its key is not there')
    return makeKey()
  })
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw inUse(folder, 'holds a device.key that is no private key', cause)
  }
}

async function refuseKey({ folder, key }: DeviceFiles): Promise<undefined> {
  if ((await readOptional(key)) !== undefined) throw inUse(folder, 'holds a key of its own, and the row gives a CSR')
}

async function makeKey(): Promise<string> {
  const { privateKey } = await generateKey('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function checkFinished(pem: string, { folder }: DeviceFiles, thingName: string, publicKey: KeyObject): void {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch (cause) {
    throw inUse(folder, 'holds a device.pem that is no certificate', cause)
  }
  if (!isFor(certificate, thingName)) throw inUse(folder, 'holds the certificate of another thing')
  if (!certificate.publicKey.equals(publicKey)) throw inUse(folder, 'holds a certificate for another key')
}

function inUse(folder: string, what: string, cause?: unknown): OperatorError {
  return new OperatorError('FOLDER_UNUSABLE', `${folder} ${what}`, {
    hint: 'move the folder away, or name another --out',
    cause,
  })
}
