import type { z } from 'zod'
import type { approveCertificateRequestSchema } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import { endCertificate } from '../registry/end-certificate.ts'
import type { IotRegistry } from '../registry/iot-registry.ts'
import { thingHeld } from '../rules/check-thing.ts'
import type { CertificateEntry, CertificateLedger } from '../stores/certificate-ledger.ts'
import type { ThingStore } from '../stores/thing-store.ts'

export interface Deciding {
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly registry: IotRegistry
  /** Has a certificate registered as if it connected at this time. */
  readonly requestRegistration: (certificate: CertificateEntry, at: Date) => Promise<void>
  readonly clock: () => Date
}

/**
 * Lets a quarantined certificate in: it registers as every other, at once. May be repeated.
 * Throws THING_HELD unless it is said that it replaces the holder, CERTIFICATE_STATE, CERTIFICATE_EXPIRED, REQUEST_INVALID.
 */
export async function approveCertificate(
  { ledger, things, requestRegistration, clock }: Deciding,
  certificate: CertificateEntry,
  { thingName: chosen, replace }: z.infer<typeof approveCertificateRequestSchema>,
): Promise<void> {
  const now = clock()
  const { certificateId, notAfter } = certificate
  const thingName = chosen ?? certificate.thingName
  if (thingName === undefined) {
    throw new Fault('REQUEST_INVALID', 'the certificate names no thing', {
      hint: `say which it becomes: thingdrop certificates approve ${certificateId} --thing NAME`,
    })
  }
  if (certificate.origin !== 'device' && thingName !== certificate.thingName) {
    throw new Fault('REQUEST_INVALID', `the certificate was made for ${certificate.thingName}`, {
      hint: 'its device knows no other name: make a claim for the other thing instead',
    })
  }
  if (notAfter <= now.toISOString()) {
    throw new Fault('CERTIFICATE_EXPIRED', `the certificate ended at ${notAfter}`, {
      hint: `give its device a new one: thingdrop claims create --thing ${thingName}`,
    })
  }
  const holder = (await things.find(thingName))?.certificateId
  if (holder !== undefined && holder !== certificateId && !replace) throw thingHeld(thingName)
  if (certificate.state !== 'active') {
    const isMoved = await ledger.move(certificate, 'approved', { thingName, replaces: replace }, now)
    if (!isMoved) throw wrongState(certificate, 'approved')
  }
  await requestRegistration(certificate, now)
}

/** Keeps a quarantined certificate out. May be repeated. Throws CERTIFICATE_STATE. */
export async function rejectCertificate(
  deciding: Deciding,
  certificate: CertificateEntry,
  reason: string | undefined,
): Promise<void> {
  if (certificate.state !== 'quarantined' && certificate.state !== 'rejected') throw wrongState(certificate, 'rejected')
  await endCertificate(deciding, certificate, 'rejected', reason ?? certificate.reason, deciding.clock())
}

function wrongState({ state, certificateId }: CertificateEntry, wanted: string): Fault {
  return new Fault('CERTIFICATE_STATE', `a certificate that is ${state} cannot be ${wanted}`, {
    hint: `see what it is: thingdrop certificates show ${certificateId}`,
  })
}
