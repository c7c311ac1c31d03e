import { z } from 'zod'
import { certificateIdSchema, isoTime, pageQuery, thingNameSchema } from './api-fields.ts'
import { issuedUploadStates, uploadIdSchema } from './uploads-api.ts'

/** Those of an issued upload; removed: the object was there and went. `missing` is another word for `expired`. */
export const uploadStates = [...issuedUploadStates, 'removed', 'missing'] as const
export type UploadState = (typeof uploadStates)[number]

/** Without a state, what S3 told: objects that came and went. What is given beside the first of state, certificate and thing sorts out rows that were read. */
export const listUploadsQuerySchema = z.strictObject({
  thing: thingNameSchema.optional(),
  state: z.enum(uploadStates).optional(),
  /** The certificate whose credentials wrote the object, or asked for the URL. */
  certificateId: certificateIdSchema.optional(),
  /** What the key begins with. */
  prefix: z.string().min(1).max(1024).optional(),
  /** Times of the S3 event, or of the last change of an issued upload: from inclusive, to exclusive. */
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
  /** The certificate whose credentials wrote the object; absent when an operator or a URL did. */
  certificateId: z.string().optional(),
  sourceIp: z.string().optional(),
  /** Of a key that a device or the backend built. */
  uploadId: z.string().optional(),
})
/** What S3 told of an object. */
export type UploadEvent = z.infer<typeof uploadEventSchema>

/** An event of S3, or an upload that a URL was issued for: `event` is its state then, and the times are those of its last change. */
export const uploadSchema = uploadEventSchema.extend({
  event: z.enum([...uploadEventSchema.shape.event.options, ...issuedUploadStates]).exclude(['arrived']),
  /** Absent of an issued upload, and of a rebuilt row. */
  sequencer: z.string().optional(),
  /** The row is made from the bucket's listing: no event told of the object. */
  rebuilt: z.literal(true).optional(),
  expiresAt: isoTime.optional(),
  /** Why S3 refused the file, as the device or the completion of its parts said. */
  reason: z.string().optional(),
})
export type Upload = z.infer<typeof uploadSchema>

export const listUploadsResponseSchema = z.object({ uploads: z.array(uploadSchema), cursor: z.string().optional() })
export type ListUploadsResponse = z.infer<typeof listUploadsResponseSchema>

/** `thing` is needed only when two things have an upload of the same id. */
export const showUploadQuerySchema = z.strictObject({ thing: thingNameSchema.optional() })

/** What a URL was issued for. */
const issuedSchema = z.object({
  state: z.enum(issuedUploadStates),
  way: z.enum(['put', 'form', 'multipart']),
  sizeBytes: z.int(),
  contentType: z.string(),
  crc32: z.string().optional(),
  sha256: z.string().optional(),
  /** The certificate that asked. */
  certificateId: z.string(),
  issuedAt: isoTime,
  expiresAt: isoTime,
  changedAt: isoTime,
  reason: z.string().optional(),
})

/** All that is known of one upload. Of several keys with this id, that of the newest event. */
export const showUploadResponseSchema = z.object({
  uploadId: uploadIdSchema,
  thingName: z.string(),
  key: z.string(),
  state: z.enum(uploadStates).exclude(['missing']),
  /** Absent when no URL was issued for it: the device sent it with credentials of its own. */
  issued: issuedSchema.optional(),
  /** Of the key, newest first; at most the newest 1,000. */
  events: z.array(uploadSchema),
})
export type ShowUploadResponse = z.infer<typeof showUploadResponseSchema>

/** How long the URL may be used: at most 15 minutes. */
export const downloadUploadRequestSchema = z.strictObject({
  thing: thingNameSchema.optional(),
  seconds: z.int().min(1).max(900).default(300),
})
export type DownloadUploadRequest = z.input<typeof downloadUploadRequestSchema>

/** A URL that gives the object to whoever has it, as a file to save. */
export const downloadUploadResponseSchema = z.object({
  uploadId: uploadIdSchema,
  key: z.string(),
  sizeBytes: z.int().optional(),
  url: z.url(),
  expiresAt: isoTime,
})
export type DownloadUploadResponse = z.infer<typeof downloadUploadResponseSchema>

/** One page of the bucket's listing is compared with the log. */
export const rebuildUploadsRequestSchema = z.strictObject({
  /** Write the rows that are missing, and delete rebuilt ones that an event made superfluous; without it nothing is written. */
  write: z.boolean().default(false),
  /** Object versions and delete markers a page. */
  limit: z.int().min(1).max(1000).default(500),
  /** Younger objects are left out: their events may be on their way. */
  minAgeSeconds: z.int().min(0).max(1_209_600).default(900),
  cursor: z.string().min(1).max(16_384).optional(),
})
export type RebuildUploadsRequest = z.input<typeof rebuildUploadsRequestSchema>

/**
 * missing: the bucket has it, the log does not · unequal: size or ETag are not those of the row, which stays ·
 * superfluous: a rebuilt row whose event came after all.
 */
const differenceKinds = ['missing', 'unequal', 'superfluous'] as const

export const differenceSchema = z.object({
  kind: z.enum(differenceKinds),
  event: z.enum(['created', 'removed']),
  key: z.string(),
  versionId: z.string().optional(),
  /** In the bucket. */
  sizeBytes: z.int().optional(),
  etag: z.string().optional(),
  lastModified: isoTime,
  /** In the log. */
  row: z.object({ sizeBytes: z.int().optional(), etag: z.string().optional(), eventTime: isoTime }).optional(),
})
export type UploadDifference = z.infer<typeof differenceSchema>

export const rebuildUploadsResponseSchema = z.object({
  /** How many object versions and delete markers were compared. */
  compared: z.int(),
  differences: z.array(differenceSchema),
  /** Rows that were written or deleted. */
  changed: z.int(),
  /** Where the next page begins; absent on the last. It stays good: a rebuild that was broken off goes on with it. */
  cursor: z.string().optional(),
})
export type RebuildUploadsResponse = z.infer<typeof rebuildUploadsResponseSchema>
