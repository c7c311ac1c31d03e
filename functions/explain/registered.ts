import { type Facts, foundIn } from './facts.ts'

/** Whether the certificate's registration came to its end, so that its thing and policy must be there. */
export function isRegistered({ certificate }: Pick<Facts, 'certificate'>): boolean {
  const entry = foundIn(certificate.entry)
  const status = foundIn(certificate.iot)?.status
  if (entry === undefined) return status === 'ACTIVE'
  // Deleted from AWS IoT by hand, it registers anew when it connects.
  const isThere = 'failed' in certificate.iot || (status !== undefined && status !== 'PENDING_ACTIVATION')
  return entry.state === 'active' && isThere
}
