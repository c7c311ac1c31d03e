import { Fault } from '#contract/fault.ts'
import type { CaEntry } from '../stores/ca-store.ts'
import type { CaManagement } from './ca-management.ts'

/** Throws NOT_FOUND. */
export async function findCa({ store }: CaManagement, caCertificateId: string): Promise<CaEntry> {
  const entry = await store.find(caCertificateId)
  if (entry) return entry
  throw new Fault('NOT_FOUND', 'there is no such CA', { hint: 'see what there is: thingdrop ca list' })
}
