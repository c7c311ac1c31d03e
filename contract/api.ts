import { z } from 'zod'
import { isoTime, pageQuery, thingNameSchema } from './api-fields.ts'

export { fillPath, type RouteName, routeKey, routes } from './routes.ts'

export const listUploadsQuerySchema = z.strictObject({
  thing: thingNameSchema.optional(),
  /** Times of the S3 event: from inclusive, to exclusive. */
  from: isoTime.optional(),
  to: isoTime.optional(),
  ...pageQuery,
})

const uploadSchema = z.object({
  /** Absent for an object outside every thing's prefix. */
  thingName: z.string().optional(),
  event: z.enum(['created', 'removed']),
  key: z.string(),
  versionId: z.string().optional(),
  sizeBytes: z.number().int().optional(),
  etag: z.string().optional(),
  /** When S3 did it, by S3's clock. */
  eventTime: isoTime,
  /** When the row was written; a duplicate event writes the same row again. */
  loggedAt: isoTime,
  sequencer: z.string(),
  /** The certificate whose credentials wrote the object; absent when an operator did. */
  certificateId: z.string().optional(),
  sourceIp: z.string().optional(),
})
export type Upload = z.infer<typeof uploadSchema>

export const listUploadsResponseSchema = z.object({ uploads: z.array(uploadSchema), cursor: z.string().optional() })
export type ListUploadsResponse = z.infer<typeof listUploadsResponseSchema>
