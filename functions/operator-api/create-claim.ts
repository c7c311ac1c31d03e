import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { formatClaimUrl } from '#contract/claim.ts'
import type { CreateClaimResponse, createClaimRequestSchema } from '#contract/claims-api.ts'
import type { RegistrationRules } from '#contract/registration-rules.ts'
import { type Catalog, checkThing, thingHeld } from '../rules/check-thing.ts'
import type { ClaimStore } from '../stores/claim-store.ts'
import type { ThingStore } from '../stores/thing-store.ts'

export interface Claiming {
  readonly claims: ClaimStore
  readonly things: ThingStore
  readonly rules: RegistrationRules
  readonly catalog: Catalog
  /** The API's own address, without a trailing slash. */
  readonly apiUrl: string
  readonly clock: () => Date
  readonly random: (bytes: number) => Buffer
}

/**
 * Makes a one-use claim for a thing that may register and that no certificate holds, unless it is to replace that one.
 * Its secret is in the answer and nowhere else. Throws THING_HELD and what checkThing throws.
 */
export async function createClaim(
  { claims, things, rules, catalog, apiUrl, clock, random }: Claiming,
  request: z.infer<typeof createClaimRequestSchema>,
): Promise<CreateClaimResponse> {
  const { thingName, thingTypeName, thingGroupName, attributes, ttlSeconds, replace } = request
  checkThing(request, rules, catalog)
  const holder = (await things.find(thingName))?.certificateId
  if (holder !== undefined && !replace) throw thingHeld(thingName)
  const now = clock()
  const expiresAt = new Date(now.getTime() + ttlSeconds * 1000).toISOString()
  const claim = { claimId: random(8).toString('hex'), secret: random(32).toString('hex') }
  await claims.add({
    claimId: claim.claimId,
    secretHash: createHash('sha256').update(claim.secret).digest('hex'),
    thingName,
    thingTypeName,
    thingGroupName,
    attributes,
    replaces: replace,
    createdAt: now.toISOString(),
    expiresAt,
  })
  await things.note({ thingName, thingTypeName, state: 'claimed', attributes }, now)
  return { claimId: claim.claimId, thingName, expiresAt, claimUrl: formatClaimUrl(apiUrl, thingName, claim) }
}
