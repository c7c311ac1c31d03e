import { isInUse } from '#contract/certificate-state.ts'
import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import type { CertificateLedger } from '../stores/certificate-ledger.ts'
import { hashPublicKey } from '../x509/certificate-fields.ts'
import { parseCsr } from './parse-csr.ts'
import { certificateAnswerOf, ledgerEntryOf, type Vending } from './vending.ts'

/** A device that renews: the thing of the path, and the certificate whose credentials signed the request. */
export interface RenewingDevice {
  readonly thingName: string
  readonly certificateId: string
}

/**
 * Signs a new key of a device for the thing that its certificate holds. The new certificate stands beside the old one
 * until it is confirmed. The newest renewal counts: one that another key follows is out. Asked again with the same key,
 * it answers the same certificate. Throws CALLER_MISMATCH when another certificate holds the thing, and
 * CERTIFICATE_SUPERSEDED when the key's certificate is out of use.
 */
export async function renewCertificate(
  { issuances, renewals, ledger, things, sign, device, clock }: Vending,
  { thingName, certificateId }: RenewingDevice,
  csr: string,
): Promise<CreateCertificateResponse> {
  const now = clock()
  const request = await parseCsr(csr)
  if (request.thingName !== thingName) {
    throw new Fault('CSR_THING_MISMATCH', 'the CSR names another thing than the path', {
      hint: `make the CSR for ${thingName}`,
    })
  }
  const thing = await things.find(thingName)
  const holder = await ledger.find(certificateId)
  if (thing?.certificateId !== certificateId || holder === undefined) throw notHolder(thingName)
  const issued = await issuances.keep(thingName, hashPublicKey(request.publicKey), () => sign(request, now))
  if (issued.certificateId === certificateId) {
    throw new Fault('REQUEST_INVALID', 'the CSR is for the key that the device has', {
      hint: 'make a new key: a renewal changes the key',
    })
  }
  const { thingTypeName, thingGroupName, attributes } = holder
  const purpose = { thingName, thingTypeName, thingGroupName, attributes }
  // The open renewal first: whatever dies from here on and is never asked for again is found by the sweep.
  await renewals.open({ certificateId: issued.certificateId, thing: thingName, createdAt: now.toISOString() })
  const entry = ledgerEntryOf(issued, { ...purpose, origin: 'renewal', successorOf: certificateId }, now)
  if (!(await ledger.add(entry))) await checkNotEnded(ledger, issued.certificateId)
  if (!(await things.succeed(thingName, certificateId, issued.certificateId))) throw notHolder(thingName)
  return certificateAnswerOf(issued, { thingName, thingTypeName }, device)
}

/** What is out of use is not given again. What is in quarantine may yet be let in. */
async function checkNotEnded(ledger: CertificateLedger, certificateId: string): Promise<void> {
  const { state } = await ledger.get(certificateId)
  if (isInUse(state) || state === 'quarantined') return
  throw new Fault('CERTIFICATE_SUPERSEDED', `the certificate of this key is ${state}`, {
    hint: 'renew with another key',
  })
}

function notHolder(thingName: string): Fault {
  return new Fault('CALLER_MISMATCH', `another certificate holds ${thingName}`, {
    hint: 'renew with the certificate in use; a device that lost its place needs a new claim',
  })
}
