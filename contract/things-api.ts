import { z } from 'zod'
import { certificateIdSchema, isoTime, pageQuery } from './api-fields.ts'

export const listThingsQuerySchema = z.strictObject({
  silentFor: z.coerce
    .number()
    .int()
    .min(0)
    .max(315_360_000)
    .optional()
    .describe(
      'Seconds: only things whose last upload, or else their first connection, is at least so long ago, the longest silent first',
    ),
  ...pageQuery,
})

/**
 * claimed: may enroll · vended: has a certificate, never connected · active: a certificate holds it · quarantined: what
 * asked for it was refused, with the reason · revoked: its certificate was revoked, and it waits for a new claim.
 */
const thingStates = ['claimed', 'vended', 'active', 'quarantined', 'revoked'] as const

export const thingSchema = z.object({
  thingName: z.string(),
  state: z.enum(thingStates),
  thingTypeName: z.string().optional(),
  /** The certificate that the state speaks of. */
  certificateId: z.string().optional(),
  reason: z.string().optional(),
  attributes: z.record(z.string(), z.string()),
  changedAt: isoTime,
  lastUploadAt: isoTime
    .optional()
    .describe('When S3 took its last file, in a list up to a minute less; absent while none came'),
})
export type Thing = z.infer<typeof thingSchema>

export const listThingsResponseSchema = z.object({ things: z.array(thingSchema), cursor: z.string().optional() })
export type ListThingsResponse = z.infer<typeof listThingsResponseSchema>

/** What a thing's revocation or deletion did: the certificates that it took out of use. */
export const revokeThingResponseSchema = z.object({ thingName: z.string(), revoked: z.array(certificateIdSchema) })
export type RevokeThingResponse = z.infer<typeof revokeThingResponseSchema>
