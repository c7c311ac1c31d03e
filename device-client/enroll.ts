import { generateKeyPairSync } from 'node:crypto'
import { resolve } from 'node:path'
import { type CreateCertificateResponse, createCertificateResponseSchema } from '#contract/api.ts'
import { parseClaimUrl } from '#contract/claim.ts'
import { Fault } from '#contract/fault.ts'
import { problemSchema } from '#contract/problem.ts'
import { createCertificateRequest } from './certificate-request.ts'
import type { SavedConfiguration } from './device-configuration.ts'
import { DeviceFault } from './device-fault.ts'
import { type DeviceFiles, openDeviceFolder, parseKey, readCaFile, readKey } from './device-folder.ts'
import { createHttpTransport, type HttpAnswer, type HttpTransport } from './http-transport.ts'
import { checkIssuedCertificate } from './issued-certificate.ts'
import { type RetryOptions, retry } from './retry.ts'
import type { Runtime } from './runtime.ts'
import { createFileDurably, renameDurably, writeFileDurably } from './write-file-durably.ts'

export interface EnrollOptions {
  readonly dir: string
  /** `https://…/v1/certificates?thing=NAME#tdc_…`: names the thing that this device becomes. */
  readonly claimUrl: string
  /** PEM file of the CAs to trust instead of Node's own; its path is saved. */
  readonly caFile?: string | undefined
}

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

/**
 * Trades a claim for a certificate and saves it with its key and configuration. The key is on disk before it is asked
 * for: when an answer was lost, the next attempt, in this run or another, asks with the same key and gets the same certificate.
 * Throws the API's Fault when it refuses, and DeviceFault (ENROLLMENT_…, ANSWER_INVALID, the connection's) otherwise.
 */
export async function enroll(
  options: EnrollOptions,
  runtime: Runtime,
  retrying: RetryOptions,
): Promise<SavedConfiguration> {
  const { url, thingName, claim } = parseClaimUrl(options.claimUrl)
  const address = new URL(url)
  if (address.protocol !== 'https:' && !loopbackHosts.includes(address.hostname)) {
    throw new DeviceFault('CLAIM_URL_INSECURE', `${address.host} would be spoken to without TLS`)
  }
  const ca = options.caFile === undefined ? undefined : readCaFile(options.caFile)
  const files = openDeviceFolder(options.dir)
  const privateKey = parseKey(preparePendingKey(files), files.pendingKey)
  const transport = createHttpTransport({
    tls: ca === undefined ? {} : { ca },
    maxConnections: 1,
    idleTimeoutMs: 30_000,
  })
  try {
    const body = JSON.stringify({ claim, csr: createCertificateRequest(thingName, privateKey) })
    const answer = await retry(() => requestCertificate(transport, address, body, retrying.signal), runtime, retrying)
    checkIssuedCertificate(answer, thingName, privateKey)
    const caFile = options.caFile === undefined ? {} : { caFile: resolve(options.caFile) }
    return save(files, answer, { ...answer.device, ...caFile })
  } finally {
    transport.close()
  }
}

/** The key of an earlier attempt, or a new one. */
function preparePendingKey({ pendingKey }: DeviceFiles): string {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const kept = readKey(pendingKey)
  if (kept !== undefined) return kept
  // Of two enrollments at once the second takes the first one's key.
  return createFileDurably(pendingKey, privateKey) ? privateKey : (readKey(pendingKey) ?? privateKey)
}

async function requestCertificate(
  transport: HttpTransport,
  url: URL,
  body: string,
  signal: AbortSignal | undefined,
): Promise<CreateCertificateResponse> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const answer = await transport.send({ method: 'POST', url, headers, body, signal })
  if (answer.status < 200 || answer.status >= 300) throw refusal(answer)
  const parsed = createCertificateResponseSchema.safeParse(parseJson(answer.body))
  if (parsed.success) return parsed.data
  throw new DeviceFault('ANSWER_INVALID', `${url.host} answered ${answer.status} without a certificate`)
}

function refusal({ status, body }: HttpAnswer): Fault | DeviceFault {
  const problem = problemSchema.safeParse(parseJson(body))
  if (problem.success) {
    const { code, detail, hint } = problem.data
    return new Fault(code, detail, hint === undefined ? {} : { hint })
  }
  const code = status === 429 || status >= 500 ? 'ENROLLMENT_UNAVAILABLE' : 'ENROLLMENT_REFUSED'
  return new DeviceFault(code, `the API answered ${status}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** In this order a crash leaves what was there before, or what readIdentity completes. */
function save(
  files: DeviceFiles,
  answer: CreateCertificateResponse,
  configuration: SavedConfiguration,
): SavedConfiguration {
  writeFileDurably(files.configuration, `${JSON.stringify(configuration, undefined, 2)}\n`)
  writeFileDurably(files.certificate, `${answer.certificatePem.trim()}\n${answer.chainPem.trim()}\n`)
  renameDurably(files.pendingKey, files.key)
  return configuration
}
