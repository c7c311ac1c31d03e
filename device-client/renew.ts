import { statSync } from 'node:fs'
import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import type { Fault } from '#contract/fault.ts'
import { fillPath, routes } from '#contract/routes.ts'
import { createCertificateRequest } from './certificate-request.ts'
import { connect } from './connect.ts'
import type { CorrectedRuntime } from './corrected-runtime.ts'
import { type DeviceApi, openDeviceApi } from './device-api.ts'
import { formatConfiguration } from './device-configuration.ts'
import { DeviceFault } from './device-fault.ts'
import { deviceFiles, type Identity, readIdentity, readSpare } from './device-folder.ts'
import { checkIssuedCertificate, formatChain } from './issued-certificate.ts'
import { parseCreateCertificateResponse } from './parse-answers.ts'
import { prepareKey } from './prepare-key.ts'
import { isApiRefusal, isRefusal } from './refusal.ts'
import { dropRenewal, promote } from './renewal-slots.ts'
import type { RetryOptions } from './retry.ts'
import { settleRenewal } from './settle-renewal.ts'
import { writeFileDurably } from './write-file-durably.ts'

/** A refused certificate may yet be let in: registration may lag, and an operator may approve it. */
const patienceMs = 86_400_000
const finalCodes: readonly string[] = ['CERTIFICATE_REVOKED', 'CERTIFICATE_EXPIRED']

/**
 * Renews, from wherever an earlier attempt was cut short: the new key is on disk before it is asked for, the new certificate
 * takes the place of the present one when it has connected and got credentials, and the present one is kept until the service
 * knows. A new certificate that the API refuses for good, or the broker for more than a day, is given up, and the present one
 * stays. Each step tries again for as long as `retrying` says. Throws the API's Fault, and DeviceFault (RENEWAL_…,
 * API_URL_UNUSABLE, ANSWER_INVALID, the folder's, the connection's, the credentials').
 */
export async function renew(dir: string, runtime: CorrectedRuntime, retrying: RetryOptions): Promise<void> {
  if (await settleRenewal(dir, runtime, retrying)) return
  const current = readIdentity(dir)
  const api = openDeviceApi(current, runtime, retrying)
  try {
    const renewed = readSpare(deviceFiles(dir).renewal) ?? (await obtain(dir, current, api))
    try {
      await tryOut(renewed, runtime, retrying)
    } catch (error) {
      throw isRefusal(error) ? await judgeRefusal(error, dir, current, api, runtime) : error
    }
    promote(dir, current, renewed)
  } finally {
    api.close()
  }
  await settleRenewal(dir, runtime, retrying)
}

async function obtain(dir: string, current: Identity, api: DeviceApi): Promise<Identity> {
  const { renewal } = deviceFiles(dir)
  const { caFile } = current.configuration
  const answer = await requestRenewal(dir, current, api)
  const configuration = { ...answer.device, ...(caFile !== undefined && { caFile }) }
  writeFileDurably(renewal.configuration, formatConfiguration(configuration))
  writeFileDurably(renewal.certificate, formatChain(answer))
  const renewed = readSpare(renewal)
  if (renewed !== undefined) return renewed
  throw new DeviceFault('FOLDER_DAMAGED', `${renewal.key} was replaced by another process`)
}

/** Asks for the certificate of the renewal's key, which is dropped when the API refuses it. */
async function requestRenewal(
  dir: string,
  { configuration }: Identity,
  api: DeviceApi,
): Promise<CreateCertificateResponse> {
  const { thingName } = configuration
  const privateKey = prepareKey(deviceFiles(dir).renewal.key)
  const path = fillPath(routes.renewCertificate.path, { thing: thingName })
  const body = JSON.stringify({ csr: createCertificateRequest(thingName, privateKey) })
  try {
    const answer = await api.post(path, body, parseCreateCertificateResponse)
    checkIssuedCertificate(answer, thingName, privateKey)
    return answer
  } catch (error) {
    if (isApiRefusal(error)) dropRenewal(dir)
    throw error
  }
}

/** The first connection registers the certificate, and is closed meanwhile. */
async function tryOut(renewed: Identity, runtime: CorrectedRuntime, retrying: RetryOptions): Promise<void> {
  await (await connect(renewed, runtime, retrying)).disconnect()
  const api = openDeviceApi(renewed, runtime, retrying)
  try {
    await api.credentials()
  } finally {
    api.close()
  }
}

/** What to throw for a new certificate that is refused: it is given up or waited for; the present one stays. */
async function judgeRefusal(
  refusal: DeviceFault | Fault,
  dir: string,
  current: Identity,
  api: DeviceApi,
  runtime: CorrectedRuntime,
): Promise<unknown> {
  const { renewal } = deviceFiles(dir)
  const sinceMs = statSync(renewal.certificate, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (finalCodes.includes(refusal.code) || runtime.clock().getTime() - sinceMs > patienceMs) {
    dropRenewal(dir)
    const message = `the new certificate is given up: ${refusal.code} ${refusal.message}`
    return new DeviceFault('RENEWAL_ABANDONED', message, { cause: refusal })
  }
  // The broker gives no reason; the API does, if it knows one.
  return await requestRenewal(dir, current, api).then(
    () => refusal,
    (error) => (isApiRefusal(error) ? error : refusal),
  )
}
