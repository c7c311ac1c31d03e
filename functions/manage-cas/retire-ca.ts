import type { CaCertificate } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import type { CaManagement } from './ca-management.ts'
import { drainCa } from './drain-ca.ts'
import { findCa } from './find-ca.ts'
import { summarizeCa } from './summarize-ca.ts'

/**
 * Lets no certificate of a CA in any more. May be repeated. Throws NOT_FOUND, and CA_IN_USE while it signs or a
 * certificate of it may connect.
 */
export async function retireCa(management: CaManagement, caCertificateId: string): Promise<CaCertificate> {
  const { store, registry, clock } = management
  const entry = await findCa(management, caCertificateId)
  const signing = await store.getSigning()
  if (signing.caCertificateId === caCertificateId) {
    throw new Fault('CA_IN_USE', 'new certificates come from this CA', {
      hint: 'put another in its place first: thingdrop ca rotate',
    })
  }
  let position: string | undefined
  do {
    const page = await drainCa(management, caCertificateId, position)
    if (page.standing.length > 0) {
      throw new Fault('CA_IN_USE', 'devices still stand on this CA', {
        hint: `see which, and wait for their renewal or revoke them: thingdrop ca drain ${caCertificateId}`,
      })
    }
    position = page.next
  } while (position !== undefined)
  await registry.retire(caCertificateId)
  await store.retire(caCertificateId, clock())
  return summarizeCa({ ...entry, retiredAt: clock().toISOString() }, signing)
}
