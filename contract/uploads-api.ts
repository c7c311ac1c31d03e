import { z } from 'zod'
import { isoTime } from './api-fields.ts'
import { maxSinglePutBytes, maxUploadBytes } from './upload-limits.ts'

/**
 * issued: may be used until it expires · arrived: the object is there · expired: nothing came in time · refused: what came
 * was not what was announced, or the device said so · aborted: the device gave it up.
 */
export const issuedUploadStates = ['issued', 'arrived', 'expired', 'refused', 'aborted'] as const
export type IssuedUploadState = (typeof issuedUploadStates)[number]

export const uploadIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'is not an upload id: 16 hex digits')

const crc32 = z.string().regex(/^[A-Za-z0-9+/]{6}==$/, 'is not a CRC32: base64 of four bytes')
const sha256 = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'is not a SHA-256: base64 of 32 bytes')

/** What may stand in a header, in a topic's payload and with an API's caller: 1 to 128 of printable ASCII. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'is not 1 to 128 printable characters')

export const createUploadRequestSchema = z
  .strictObject({
    /** The file's name, without its folder. */
    name: z
      .string()
      .min(1)
      .max(1024)
      .refine((name) => name.isWellFormed(), 'is not well-formed Unicode'),
    /** Exactly, of a PUT and of parts; at most, of a form. */
    sizeBytes: z.int().min(0).max(maxUploadBytes),
    contentType: z
      .string()
      .regex(/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'is not 1 to 255 printable characters')
      .default('application/octet-stream'),
    /** Of the whole file. A PUT needs it or `sha256`; parts may bring it with their completion. */
    crc32: crc32.optional(),
    /** S3 checks one: with this, not `crc32`. Not for parts, of which S3 makes no SHA-256 of the whole. */
    sha256: sha256.optional(),
    /** A form that a browser posts, in place of a PUT. It has no `If-None-Match`. */
    form: z.boolean().default(false),
  })
  .refine(({ form, sizeBytes }) => !form || sizeBytes <= maxSinglePutBytes, {
    path: ['form'],
    error: `carries at most ${maxSinglePutBytes} bytes`,
  })
  .refine(({ sha256, sizeBytes }) => sha256 === undefined || sizeBytes <= maxSinglePutBytes, {
    path: ['sha256'],
    error: `is for files of at most ${maxSinglePutBytes} bytes; larger ones take a crc32`,
  })
  .refine((request) => request.form || request.sizeBytes > maxSinglePutBytes || request.crc32 || request.sha256, {
    path: ['crc32'],
    error: 'is needed, or sha256',
  })
export type CreateUploadRequest = z.input<typeof createUploadRequestSchema>

const putSchema = z.object({
  url: z.url(),
  /** All are signed: send them as they are, and no other `x-amz-` header. */
  headers: z.record(z.string(), z.string()),
  expiresAt: isoTime,
})

const multipartSchema = z.object({
  /** Of every part but the last. */
  partBytes: z.int().min(1),
  partCount: z.int().min(1).max(10_000),
})

const formSchema = z.object({
  url: z.url(),
  /** In this order, before the field `file`. */
  fields: z.record(z.string(), z.string()),
  expiresAt: isoTime,
})

/**
 * An upload that may begin: with one of `put`, `multipart` and `form`. In the state `arrived` with none: an upload under
 * this idempotency key is there already.
 */
export const createUploadResponseSchema = z.object({
  uploadId: uploadIdSchema,
  key: z.string().min(1),
  state: z.enum(['issued', 'arrived']),
  /** When it counts as expired. The URL of a PUT ends then; those of parts end before, and are given anew. */
  expiresAt: isoTime,
  put: putSchema.optional(),
  multipart: multipartSchema.optional(),
  form: formSchema.optional(),
})
export type CreateUploadResponse = z.infer<typeof createUploadResponseSchema>

export const listPartsQuerySchema = z.strictObject({
  /** The number of the first part that a URL is wanted for. */
  from: z.coerce.number().int().min(1).max(10_000).default(1),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

/** URLs to PUT parts to, with a Content-Length of `sizeBytes`. A URL may be asked for again, and a part sent again. */
export const listPartsResponseSchema = z.object({
  parts: z.array(z.object({ number: z.int().min(1), sizeBytes: z.int().min(0), url: z.url() })),
  expiresAt: isoTime,
  /** Where the next page begins; absent on the last. */
  next: z.int().min(1).optional(),
})
export type ListPartsResponse = z.infer<typeof listPartsResponseSchema>

export const completeUploadRequestSchema = z.strictObject({
  /** Of the whole file; needed when the upload was created without it. */
  crc32: crc32.optional(),
})
export type CompleteUploadRequest = z.infer<typeof completeUploadRequestSchema>

/** `reason`: what S3 refused the file for; without it the device only gives the upload up. */
export const abortUploadQuerySchema = z.strictObject({
  reason: z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, 'is not 1 to 200 printable characters')
    .optional(),
})

/** What completing and aborting answer. An upload that arrived stays so: it cannot be aborted any more. */
export const settleUploadResponseSchema = z.object({
  uploadId: uploadIdSchema,
  key: z.string().min(1),
  state: z.enum(issuedUploadStates),
  etag: z.string().optional(),
})
export type SettleUploadResponse = z.infer<typeof settleUploadResponseSchema>

/** Over MQTT: the same request, with a token that makes it the same request when it comes twice. */
export interface UploadRequestMessage extends CreateUploadRequest {
  readonly clientToken: string
}

export interface UploadAcceptedMessage extends CreateUploadResponse {
  readonly clientToken: string
}

/** Members as those of a problem (problem.ts). */
export interface UploadRejectedMessage {
  /** Absent when the request had none that could be read. */
  readonly clientToken?: string
  readonly code: string
  readonly detail: string
  readonly hint?: string
  readonly retryAfterSeconds?: number
  readonly requestId: string
}
