import type { CaCertificate, DrainResponse } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import type { CaEntry } from '../stores/ca-store.ts'
import type { CaManagement } from './ca-management.ts'
import { summarizeCa } from './summarize-ca.ts'

/** A page of what still stands on a CA: its certificates that may connect. `marker` is AWS IoT's. Throws NOT_FOUND. */
export async function drainCa(
  management: CaManagement,
  caCertificateId: string,
  marker: string | undefined,
): Promise<{ standing: DrainResponse['standing']; next?: string }> {
  await findCa(management, caCertificateId)
  const { certificates, next } = await management.registry.listCertificates(caCertificateId, marker)
  const active = certificates.filter(({ status }) => status === 'ACTIVE')
  const standing = await Promise.all(
    active.map(async ({ certificateId }) => {
      const thingName = (await management.ledger.find(certificateId))?.thingName
      return thingName === undefined ? { certificateId } : { certificateId, thingName }
    }),
  )
  return next === undefined ? { standing } : { standing, next }
}

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
  let marker: string | undefined
  do {
    const page = await registry.listCertificates(caCertificateId, marker)
    if (page.certificates.some(({ status }) => status === 'ACTIVE' || status === 'PENDING_ACTIVATION')) {
      throw new Fault('CA_IN_USE', 'devices still stand on this CA', {
        hint: `see which, and wait for their renewal: thingdrop ca drain ${caCertificateId}`,
      })
    }
    marker = page.next
  } while (marker !== undefined)
  await registry.retire(caCertificateId)
  await store.retire(caCertificateId, clock())
  return summarizeCa({ ...entry, retiredAt: clock().toISOString() }, signing)
}

async function findCa({ store }: CaManagement, caCertificateId: string): Promise<CaEntry> {
  const entry = await store.find(caCertificateId)
  if (entry) return entry
  throw new Fault('NOT_FOUND', 'there is no such CA', { hint: 'see what there is: thingdrop ca list' })
}
