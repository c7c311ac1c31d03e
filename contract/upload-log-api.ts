import { z } from 'zod'
import { certificateIdSchema, isoTime, pageQuery, thingNameSchema } from './api-fields.ts'
import { issuedUploadStates, uploadIdSchema } from './uploads-api.ts'

/** Those of an issued upload; removed: the object was there and went. `missing` is another word for `expired`. */
export const uploadStates = [...issuedUploadStates, 'removed', 'missing'] as const
export type UploadState = (typeof uploadStates)[number]

/** Without a state, what S3 told: objects that came and went. What is given beside the first of state, certificate and thing sorts out rows that were read. */
export const listUploadsQuerySchema = z.strictObject({
  thing: thingNameSchema.optional(),
  state: z.enum(uploadStates).optional().describe('`missing` is `expired`'),
  certificateId: certificateIdSchema.optional().describe('Whose credentials wrote the object, or asked for the URL'),
  prefix: z.string().min(1).max(1024).optional().describe('What the key begins with'),
  from: isoTime.optional().describe('Of the S3 event, or of the last change of an issued upload; included'),
  to: isoTime.optional().describe('Not included'),
  ...pageQuery,
})

const uploadEventSchema = z.object({
  thingName: z.string().optional().describe('Absent for an object outside every thing’s prefix'),
  event: z.enum(['created', 'removed']),
  key: z.string(),
  versionId: z.string().optional(),
  sizeBytes: z.number().int().optional(),
  etag: z.string().optional(),
  eventTime: isoTime.describe('When S3 did it, by S3’s clock'),
  loggedAt: isoTime.describe('When the row was written; a duplicate event writes the same row again'),
  sequencer: z.string(),
  certificateId: z
    .string()
    .optional()
    .describe('Whose credentials wrote the object; absent when an operator or a URL did'),
  sourceIp: z.string().optional(),
  uploadId: z.string().optional().describe('Of a key that a device or the backend built'),
})
/** What S3 told of an object. */
export type UploadEvent = z.infer<typeof uploadEventSchema>

/** An event of S3, or an upload that a URL was issued for: `event` is its state then, and the times are those of its last change. */
export const uploadSchema = uploadEventSchema.extend({
  event: z.enum([...uploadEventSchema.shape.event.options, ...issuedUploadStates]).exclude(['arrived']),
  sequencer: z.string().optional().describe('S3’s order of the events of one key'),
  rebuilt: z.literal(true).optional().describe('Made from the bucket’s listing: no event told of the object'),
  expiresAt: isoTime.optional(),
  reason: z.string().optional().describe('Why S3 refused the file, as the device or the completion of its parts said'),
})
export type Upload = z.infer<typeof uploadSchema>

export const listUploadsResponseSchema = z.object({ uploads: z.array(uploadSchema), cursor: z.string().optional() })
export type ListUploadsResponse = z.infer<typeof listUploadsResponseSchema>

const ofOneThing = thingNameSchema.optional().describe('Needed only when two things have an upload of this id')

export const showUploadQuerySchema = z.strictObject({ thing: ofOneThing })

/** What a URL was issued for. */
const issuedSchema = z.object({
  state: z.enum(issuedUploadStates),
  way: z.enum(['put', 'form', 'multipart']),
  sizeBytes: z.int(),
  contentType: z.string(),
  crc32: z.string().optional(),
  sha256: z.string().optional(),
  certificateId: z.string().describe('Which asked'),
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
  issued: issuedSchema.optional().describe('Absent when the device sent it with credentials of its own'),
  events: z.array(uploadSchema).describe('Of the key, newest first; at most the newest 1,000'),
})
export type ShowUploadResponse = z.infer<typeof showUploadResponseSchema>

export const downloadUploadRequestSchema = z.strictObject({
  thing: ofOneThing,
  seconds: z.int().min(1).max(900).default(300).describe('How long the URL may be used'),
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
  write: z
    .boolean()
    .default(false)
    .describe('Write the rows that are missing, and delete rebuilt ones whose event came after all'),
  limit: z.int().min(1).max(1000).default(500).describe('Object versions and delete markers a page'),
  minAgeSeconds: z
    .int()
    .min(0)
    .max(1_209_600)
    .default(900)
    .describe('Younger objects are left out: their events may be on their way'),
  cursor: z.string().min(1).max(16_384).optional(),
})
export type RebuildUploadsRequest = z.input<typeof rebuildUploadsRequestSchema>

/**
 * missing: the bucket has it, the log does not · unequal: size or ETag are not those of the row, which stays ·
 * superfluous: a rebuilt row whose event came after all.
 */
const differenceKinds = ['missing', 'unequal', 'superfluous'] as const

export const differenceSchema = z.object({
  kind: z
    .enum(differenceKinds)
    .describe(
      'The log has no row; the row has another size or ETag, and stays; or it is a rebuilt one whose event came',
    ),
  event: z.enum(['created', 'removed']),
  key: z.string(),
  versionId: z.string().optional(),
  sizeBytes: z.int().optional(),
  etag: z.string().optional(),
  lastModified: isoTime,
  row: z
    .object({ sizeBytes: z.int().optional(), etag: z.string().optional(), eventTime: isoTime })
    .optional()
    .describe('In the log'),
})
export type UploadDifference = z.infer<typeof differenceSchema>

export const rebuildUploadsResponseSchema = z.object({
  compared: z.int().describe('Object versions and delete markers'),
  differences: z.array(differenceSchema),
  changed: z.int().describe('Rows that were written or deleted'),
  cursor: z.string().optional().describe('It stays good: a rebuild that was broken off goes on with it'),
})
export type RebuildUploadsResponse = z.infer<typeof rebuildUploadsResponseSchema>
