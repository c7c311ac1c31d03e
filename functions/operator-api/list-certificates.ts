import type { z } from 'zod'
import {
  certificateSchema,
  type ListCertificatesResponse,
  type listCertificatesQuerySchema,
} from '#contract/certificates-api.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import type { CertificateLedger } from '../stores/certificate-ledger.ts'
import { listedPlace } from './listed-place.ts'

/** A page of certificates in one state, those that end first first. */
export async function listCertificates(
  ledger: CertificateLedger,
  { state, expiresBefore, limit, cursor }: z.infer<typeof listCertificatesQuerySchema>,
): Promise<ListCertificatesResponse> {
  const after = parseCursor(cursor, listedPlace)
  const before = expiresBefore === undefined ? undefined : new Date(expiresBefore).toISOString()
  const { certificates, next } = await ledger.list({ state, expiresBefore: before, limit, after })
  const page = { certificates: certificates.map((entry) => certificateSchema.parse(entry)) }
  return next === undefined ? page : { ...page, cursor: formatCursor(next) }
}
