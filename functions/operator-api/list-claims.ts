import type { z } from 'zod'
import type { ClaimSummary, ListClaimsResponse, listClaimsQuerySchema } from '#contract/claims-api.ts'
import { Fault } from '#contract/fault.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import type { ClaimEntry, ClaimStore } from '../stores/claim-store.ts'
import { listedPlace } from './listed-place.ts'

/** A page of claims in one state, those that expire first first. */
export async function listClaims(
  store: ClaimStore,
  { state, limit, cursor }: z.infer<typeof listClaimsQuerySchema>,
  now: Date,
): Promise<ListClaimsResponse> {
  const { claims, next } = await store.list({ state, limit, after: parseCursor(cursor, listedPlace) }, now)
  const page = { claims: claims.map((claim) => summarize(claim, now)) }
  return next === undefined ? page : { ...page, cursor: formatCursor(next) }
}

/** Takes an unspent claim back. May be repeated. Throws NOT_FOUND, CLAIM_USED. */
export async function revokeClaim(store: ClaimStore, claimId: string, now: Date): Promise<ClaimSummary> {
  const claim = await store.find(claimId)
  if (!claim) {
    throw new Fault('NOT_FOUND', 'there is no such claim', { hint: 'see what there is: thingdrop claims list' })
  }
  if (!(await store.revoke(claim, now))) {
    throw new Fault('CLAIM_USED', `a certificate for ${claim.thingName} was vended for this claim`, {
      hint: `revoke that: thingdrop things revoke ${claim.thingName}`,
    })
  }
  return summarize({ ...claim, revokedAt: now.toISOString() }, now)
}

function summarize(claim: ClaimEntry, now: Date): ClaimSummary {
  const { claimId, thingName, createdAt, expiresAt, replaces, issued } = claim
  const summary = { claimId, thingName, state: stateOf(claim, now), createdAt, expiresAt, replace: replaces }
  return issued === undefined ? summary : { ...summary, certificateId: issued.certificateId }
}

function stateOf({ issued, revokedAt, expiresAt }: ClaimEntry, now: Date): ClaimSummary['state'] {
  if (issued !== undefined) return 'spent'
  if (revokedAt !== undefined) return 'revoked'
  return expiresAt <= now.toISOString() ? 'expired' : 'open'
}
