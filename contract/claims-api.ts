import { z } from 'zod'
import {
  attributesSchema,
  isoTime,
  pageQuery,
  thingGroupNameSchema,
  thingNameSchema,
  thingTypeNameSchema,
} from './api-fields.ts'

export const createClaimRequestSchema = z.strictObject({
  thingName: thingNameSchema,
  /** One of the stack's thing types; the first of them when not given. */
  thingTypeName: thingTypeNameSchema.optional(),
  /** One of the stack's thing groups, which the thing joins when it registers. */
  thingGroupName: thingGroupNameSchema.optional(),
  attributes: attributesSchema.default({}),
  /** How long the claim may be used: 1 minute to 30 days, 1 day when not given. */
  ttlSeconds: z.int().min(60).max(2_592_000).default(86_400),
  /** The new certificate takes the thing over from the one that holds it; without this a thing that is held gets no claim. */
  replace: z.boolean().default(false),
})
export type CreateClaimRequest = z.input<typeof createClaimRequestSchema>

export const createClaimResponseSchema = z.object({
  claimId: z.string(),
  thingName: thingNameSchema,
  expiresAt: isoTime,
  /** Shown once: the address and the secret in one string. Whoever holds it can enroll as this thing. */
  claimUrl: z.string(),
})
export type CreateClaimResponse = z.infer<typeof createClaimResponseSchema>

/** open: may be used until it expires · spent: a certificate was vended for it · revoked: an operator took it back. */
const claimStates = ['open', 'expired', 'spent', 'revoked'] as const

export const listClaimsQuerySchema = z.strictObject({ state: z.enum(claimStates).default('open'), ...pageQuery })

/** A claim without its secret. */
export const claimSchema = z.object({
  claimId: z.string(),
  thingName: z.string(),
  state: z.enum(claimStates),
  createdAt: isoTime,
  expiresAt: isoTime,
  replace: z.boolean(),
  /** What it was spent on. */
  certificateId: z.string().optional(),
})
export type ClaimSummary = z.infer<typeof claimSchema>

export const listClaimsResponseSchema = z.object({ claims: z.array(claimSchema), cursor: z.string().optional() })
export type ListClaimsResponse = z.infer<typeof listClaimsResponseSchema>
