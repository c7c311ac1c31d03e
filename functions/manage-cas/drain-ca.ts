import type { DrainResponse } from '#contract/certificates-api.ts'
import type { CaManagement } from './ca-management.ts'
import { findCa } from './find-ca.ts'

interface DrainPage {
  readonly standing: DrainResponse['standing']
  /** Where the next page begins; absent on the last. */
  readonly next?: string
}

const pageSize = 250

/**
 * A page of what still stands on a CA: first its certificates that AWS IoT knows and that connect or are about to, then
 * those that were vended and have not connected yet. Throws NOT_FOUND.
 */
export async function drainCa(
  management: CaManagement,
  caCertificateId: string,
  position = 'registered#',
): Promise<DrainPage> {
  await findCa(management, caCertificateId)
  const [part, place] = [position.slice(0, position.indexOf('#')), position.slice(position.indexOf('#') + 1)]
  const after = place === '' ? undefined : place
  return part === 'vended'
    ? listVended(management, caCertificateId, after)
    : listRegistered(management, caCertificateId, after)
}

async function listRegistered(
  { registry, ledger }: CaManagement,
  caCertificateId: string,
  marker: string | undefined,
): Promise<DrainPage> {
  const { certificates, next } = await registry.listCertificates(caCertificateId, marker)
  const usable = certificates.filter(({ status }) => status === 'ACTIVE' || status === 'PENDING_ACTIVATION')
  const standing = await Promise.all(
    usable.map(async ({ certificateId }) => describe(certificateId, (await ledger.find(certificateId))?.thingName)),
  )
  return { standing, next: next === undefined ? 'vended#' : `registered#${next}` }
}

async function listVended(
  { ledger }: CaManagement,
  caCertificateId: string,
  after: string | undefined,
): Promise<DrainPage> {
  const { certificates, next } = await ledger.list({ state: 'vended', after, limit: pageSize })
  const standing = certificates
    .filter((certificate) => certificate.caCertificateId === caCertificateId)
    .map(({ certificateId, thingName }) => describe(certificateId, thingName))
  return next === undefined ? { standing } : { standing, next: `vended#${next}` }
}

function describe(certificateId: string, thingName: string | undefined) {
  return thingName === undefined ? { certificateId } : { certificateId, thingName }
}
