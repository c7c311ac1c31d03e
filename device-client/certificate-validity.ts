import type { X509Certificate } from 'node:crypto'
import { DeviceFault } from './device-fault.ts'

/** The service only hangs up on a certificate outside its time; here the two dates can be told. Throws CERTIFICATE_NOT_YET_VALID, CERTIFICATE_EXPIRED. */
export function checkValidity({ validFromDate, validToDate }: X509Certificate, now: Date): void {
  if (now < validFromDate) {
    throw new DeviceFault(
      'CERTIFICATE_NOT_YET_VALID',
      `the certificate is valid from ${validFromDate.toISOString()}, and this machine's clock says ${now.toISOString()}`,
    )
  }
  if (now > validToDate) {
    throw new DeviceFault('CERTIFICATE_EXPIRED', `the certificate was valid until ${validToDate.toISOString()}`)
  }
}

/**
 * When a certificate is to be renewed: after two thirds of its life, and up to a twentieth of it later. How much later
 * follows from its fingerprint, so that a fleet which enrolled in one hour does not renew in one.
 */
export function renewalDueAt({ validFromDate, validToDate, fingerprint256 }: X509Certificate): Date {
  const lifeMs = validToDate.getTime() - validFromDate.getTime()
  const jitter = Number.parseInt(fingerprint256.slice(0, 11).replaceAll(':', ''), 16) / 2 ** 32
  return new Date(validFromDate.getTime() + Math.floor(lifeMs * (2 / 3 + jitter / 20)))
}
