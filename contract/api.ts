import { z } from 'zod'
import { isoTime, pageQuery, thingNameSchema } from './api-fields.ts'
import { issuedUploadStates } from './uploads-api.ts'

export { fillPath, type RouteName, routeKey, routes } from './routes.ts'

export const listUploadsQuerySchema = z.strictObject({
  thing: thingNameSchema.optional(),
  /** Uploads that a URL was issued for and that are not there, of the whole fleet, in place of the events of S3. */
  state: z.enum(issuedUploadStates).exclude(['arrived']).optional(),
  /** Times of the S3 event: from inclusive, to exclusive. */
  from: isoTime.optional(),
  to: isoTime.optional(),
  ...pageQuery,
})

const uploadEventSchema = z.object({
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
/** What S3 told of an object. */
export type UploadEvent = z.infer<typeof uploadEventSchema>

/** An event of S3, or an upload that a URL was issued for: `event` is its state then, and the times are those of its last change. */
const uploadSchema = uploadEventSchema.extend({
  event: z.enum([...uploadEventSchema.shape.event.options, ...issuedUploadStates]).exclude(['arrived']),
  sequencer: z.string().optional(),
  uploadId: z.string().optional(),
  expiresAt: isoTime.optional(),
  /** Why S3 refused the file, as the device or the completion of its parts said. */
  reason: z.string().optional(),
})
export type Upload = z.infer<typeof uploadSchema>

export const listUploadsResponseSchema = z.object({ uploads: z.array(uploadSchema), cursor: z.string().optional() })
export type ListUploadsResponse = z.infer<typeof listUploadsResponseSchema>
