import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { CreateClaimResponse, createClaimRequestSchema } from '#contract/api.ts'
import { formatClaimUrl } from '#contract/claim.ts'
import { Fault } from '#contract/fault.ts'
import type { ClaimStore } from '../stores/claim-store.ts'
import type { ThingStore } from '../stores/thing-store.ts'

export interface Claiming {
  readonly claims: ClaimStore
  readonly things: ThingStore
  /** The API's own address, without a trailing slash. */
  readonly apiUrl: string
  readonly clock: () => Date
  readonly random: (bytes: number) => Buffer
}

/**
 * Makes a one-use claim for a thing that no certificate holds. Its secret is in the answer and nowhere else.
 * Throws THING_HELD.
 */
export async function createClaim(
  { claims, things, apiUrl, clock, random }: Claiming,
  { thingName, attributes, ttlSeconds }: z.infer<typeof createClaimRequestSchema>,
): Promise<CreateClaimResponse> {
  if ((await things.findHolder(thingName)) !== undefined) {
    throw new Fault('THING_HELD', `${thingName} already has an active certificate`, {
      hint: 'a claim would let another device take its place; choose another name',
    })
  }
  const now = clock()
  const expiresAt = new Date(now.getTime() + ttlSeconds * 1000).toISOString()
  const claim = { claimId: random(8).toString('hex'), secret: random(32).toString('hex') }
  await claims.add({
    claimId: claim.claimId,
    secretHash: createHash('sha256').update(claim.secret).digest('hex'),
    thingName,
    attributes,
    createdAt: now.toISOString(),
    expiresAt,
  })
  await things.note({ thingName, state: 'claimed', attributes }, now)
  return { claimId: claim.claimId, thingName, expiresAt, claimUrl: formatClaimUrl(apiUrl, thingName, claim) }
}
