import type { CertificateState } from '#contract/certificate-state.ts'
import { Fault } from '#contract/fault.ts'
import type { RevokeThingResponse } from '#contract/things-api.ts'
import { type Revoking, revokeCertificate } from '../registry/revoke-certificate.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import type { ClaimStore } from '../stores/claim-store.ts'

export type RevokingThings = Revoking & { readonly claims: ClaimStore }

const usable: readonly CertificateState[] = ['active', 'vended', 'approved']
const everything: readonly CertificateState[] = [...usable, 'quarantined', 'rejected', 'retired']

/**
 * Takes a thing's certificates and open claims out of use; the thing stays, and may get a new claim. May be repeated.
 * Throws NOT_FOUND.
 */
export async function revokeThing(
  revoking: RevokingThings,
  thingName: string,
  reason: string | undefined,
): Promise<RevokeThingResponse> {
  if (!(await revoking.things.find(thingName))) throw unknownThing(thingName)
  const revoked = await revokeAll(revoking, thingName, usable, reason)
  return { thingName, revoked }
}

/**
 * Revokes a thing whole and forgets it. Its uploads and their log stay, and so do its revoked certificates until they
 * end: AWS IoT refuses what it knows to be revoked. May be repeated. Throws NOT_FOUND.
 */
export async function deleteThing(
  revoking: RevokingThings,
  thingName: string,
  reason: string | undefined,
): Promise<RevokeThingResponse> {
  if (!(await revoking.things.find(thingName))) throw unknownThing(thingName)
  const revoked = await revokeAll(revoking, thingName, everything, reason)
  await revoking.registry.deleteThing(thingName)
  if (!(await revoking.things.remove(thingName))) {
    throw new Fault('THING_HELD', `${thingName} was taken by another certificate meanwhile`, {
      hint: `try again: thingdrop things delete ${thingName}`,
    })
  }
  return { thingName, revoked }
}

async function revokeAll(
  revoking: RevokingThings,
  thingName: string,
  states: readonly CertificateState[],
  reason: string | undefined,
): Promise<string[]> {
  const { claims, ledger, clock } = revoking
  // Claims first: one that is used now would bring another certificate.
  for (const claim of await claims.listUnusedOfThing(thingName)) await claims.revoke(claim, clock())
  const certificates = (await ledger.listOfThing(thingName)).filter(({ state }) => states.includes(state))
  // The holder last: while it is there, the thing is seen as not revoked.
  const holder = (await revoking.things.find(thingName))?.certificateId
  const isHolder = ({ certificateId }: CertificateEntry) => Number(certificateId === holder)
  certificates.sort((a, b) => isHolder(a) - isHolder(b))
  for (const certificate of certificates) await revokeCertificate(revoking, certificate, reason)
  return certificates.map(({ certificateId }) => certificateId)
}

function unknownThing(thingName: string): Fault {
  return new Fault('NOT_FOUND', `there is no thing ${thingName}`, { hint: 'see what there is: thingdrop things list' })
}
