import { fillPath, routes } from '#contract/routes.ts'
import type { CorrectedRuntime } from './corrected-runtime.ts'
import { openDeviceApi } from './device-api.ts'
import { DeviceFault } from './device-fault.ts'
import { deviceFiles, type Identity, readIdentity, readSpare } from './device-folder.ts'
import { certificateIdOf } from './issued-certificate.ts'
import { parseConfirmCertificateResponse } from './parse-answers.ts'
import { isRefusal } from './refusal.ts'
import { dropSlot, readPrevious, restore } from './renewal-slots.ts'
import type { RetryOptions } from './retry.ts'

/**
 * Ends a renewal whose certificate is in place: reports it, and forgets the previous one. False when there is no such renewal.
 * When the certificate is refused and the previous one is not, that is put back: RENEWAL_ABANDONED. Throws all else as renew does,
 * and both stay.
 */
export async function settleRenewal(dir: string, runtime: CorrectedRuntime, retrying: RetryOptions): Promise<boolean> {
  const files = deviceFiles(dir)
  const current = readIdentity(dir)
  const previous = readPrevious(dir, current)
  if (previous === undefined) {
    // With a renewal it is a copy of the present identity, made to take its leave; without one, the rest of a removal.
    if (readSpare(files.renewal) === undefined) dropSlot(files.previous)
    return false
  }
  try {
    await confirm(current, runtime, retrying)
  } catch (error) {
    if (!isRefusal(error) || !(await getsCredentials(previous, runtime, retrying))) throw error
    restore(dir, previous)
    const message = `the new certificate is given up: ${error.code} ${error.message}`
    throw new DeviceFault('RENEWAL_ABANDONED', message, { cause: error })
  }
  // The previous one last: as long as it is here, a crash leads here again.
  dropSlot(files.renewal)
  dropSlot(files.previous)
  return true
}

async function confirm(current: Identity, runtime: CorrectedRuntime, retrying: RetryOptions): Promise<void> {
  const api = openDeviceApi(current, runtime, retrying)
  try {
    const parameters = { thing: current.configuration.thingName, certificateId: certificateIdOf(current.certificate) }
    await api.post(fillPath(routes.confirmCertificate.path, parameters), '', parseConfirmCertificateResponse)
  } finally {
    api.close()
  }
}

async function getsCredentials(
  identity: Identity,
  runtime: CorrectedRuntime,
  retrying: RetryOptions,
): Promise<boolean> {
  const api = openDeviceApi(identity, runtime, retrying)
  try {
    await api.credentials()
    return true
  } catch {
    retrying.signal?.throwIfAborted()
    return false
  } finally {
    api.close()
  }
}
