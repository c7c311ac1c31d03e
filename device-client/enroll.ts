import { resolve } from 'node:path'
import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import { parseClaimUrl } from '#contract/claim.ts'
import { parseApiAnswer } from './api-answer.ts'
import { createCertificateRequest } from './certificate-request.ts'
import { formatConfiguration, type SavedConfiguration } from './device-configuration.ts'
import { DeviceFault } from './device-fault.ts'
import { type DeviceFiles, openDeviceFolder, readCaFile } from './device-folder.ts'
import type { HttpTransport } from './http-transport.ts'
import { isLoopback } from './is-loopback.ts'
import { checkIssuedCertificate, formatChain } from './issued-certificate.ts'
import { parseCreateCertificateResponse } from './parse-answers.ts'
import { prepareKey } from './prepare-key.ts'
import { dropSlot } from './renewal-slots.ts'
import { type RetryOptions, retry } from './retry.ts'
import type { Runtime } from './runtime.ts'
import { removeDurably, renameDurably, writeFileDurably } from './write-file-durably.ts'

export interface EnrollOptions {
  readonly dir: string
  /** `https://…/v1/certificates?thing=NAME#tdc_…`: names the thing that this device becomes. */
  readonly claimUrl: string
  /** PEM file of the CAs to trust instead of Node's own; its path is saved. */
  readonly caFile?: string | undefined
}

const codes = { refused: 'ENROLLMENT_REFUSED', unavailable: 'ENROLLMENT_UNAVAILABLE' } as const

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
  if (address.protocol !== 'https:' && !isLoopback(address)) {
    throw new DeviceFault('CLAIM_URL_INSECURE', `${address.host} would be spoken to without TLS`)
  }
  const ca = options.caFile === undefined ? undefined : readCaFile(options.caFile)
  const files = openDeviceFolder(options.dir)
  const privateKey = prepareKey(files.pendingKey)
  const transport = runtime.openHttp({
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

async function requestCertificate(
  transport: HttpTransport,
  url: URL,
  body: string,
  signal: AbortSignal | undefined,
): Promise<CreateCertificateResponse> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const answer = await transport.send({ method: 'POST', url, headers, body, signal })
  return parseApiAnswer(answer, url.host, parseCreateCertificateResponse, codes)
}

/** In this order a crash leaves what was there before, or what readIdentity completes. */
function save(
  files: DeviceFiles,
  answer: CreateCertificateResponse,
  configuration: SavedConfiguration,
): SavedConfiguration {
  // Their certificates first: what would make a renewal of the replaced identity go on. Their keys may yet be what readIdentity needs.
  removeDurably(files.previous.certificate, files.renewal.certificate)
  writeFileDurably(files.configuration, formatConfiguration(configuration))
  writeFileDurably(files.certificate, formatChain(answer))
  renameDurably(files.pendingKey, files.key)
  dropSlot(files.previous)
  dropSlot(files.renewal)
  return configuration
}
