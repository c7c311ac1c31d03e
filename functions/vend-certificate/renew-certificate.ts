import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
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
 * it answers the same certificate. Throws CALLER_MISMATCH when another certificate holds the thing.
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
  // The ledger first, then the open renewal, then the thing: what dies in between is asked for again with the same key.
  await ledger.add(ledgerEntryOf(issued, { ...purpose, origin: 'renewal', successorOf: certificateId }, now))
  await renewals.open({ certificateId: issued.certificateId, thing: thingName, createdAt: now.toISOString() })
  if (!(await things.succeed(thingName, certificateId, issued.certificateId))) throw notHolder(thingName)
  return certificateAnswerOf(issued, { thingName, thingTypeName }, device)
}

function notHolder(thingName: string): Fault {
  return new Fault('CALLER_MISMATCH', `another certificate holds ${thingName}`, {
    hint: 'renew with the certificate in use; a device that lost its place needs a new claim',
  })
}
