import { z } from 'zod'
import { thingNamePattern } from './thing-name.ts'

/**
 * The HTTP API: every route, who may call it, and the shapes that cross. infra/ makes the routes from this,
 * functions/ parse with it, the device client and the CLI call by it.
 * `claim`: the body's claim authorizes; `operator`: SigV4, IAM decides.
 */
export const routes = {
  createCertificate: { method: 'POST', path: '/v1/certificates', authorization: 'claim' },
  createClaim: { method: 'POST', path: '/v1/claims', authorization: 'operator' },
  listUploads: { method: 'GET', path: '/v1/uploads', authorization: 'operator' },
  listThings: { method: 'GET', path: '/v1/things', authorization: 'operator' },
} as const

/** A route as API Gateway names it: `GET /v1/things`. */
export function routeKey({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`
}

const thingNameSchema = z.string().regex(thingNamePattern, 'is not a thing name: 1 to 128 of a-z A-Z 0-9 : _ -')
const isoTime = z.iso.datetime({ offset: true })
/** AWS IoT keeps at most three searchable attributes for a thing with a type or 50 without; names and values as CreateThing takes them. */
const attributes = z
  .record(z.string().regex(/^[a-zA-Z0-9_.,@/:#-]{1,128}$/), z.string().regex(/^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/))
  .refine((record) => Object.keys(record).length <= 50, 'has more than 50 attributes')

/** Everything that a device must know to connect and upload, beside its key and certificate. */
const deviceConfigurationSchema = z.object({
  thingName: thingNameSchema,
  thingTypeName: z.string().min(1),
  region: z.string().min(1),
  bucket: z.string().min(1),
  roleAlias: z.string().min(1),
  /** `host` or `host:port` of AWS IoT's MQTT endpoint; 8883 when no port stands there. */
  mqttEndpoint: z.string().min(1),
  /** `host` or `host:port` of the credentials provider; 443 when no port stands there. */
  credentialsEndpoint: z.string().min(1),
  /** Where S3 is, when it is not AWS's own: the embedded cloud. */
  s3Endpoint: z.url().optional(),
})
export type DeviceConfiguration = z.infer<typeof deviceConfigurationSchema>

export const createCertificateRequestSchema = z.strictObject({
  claim: z.string().min(1).max(200),
  /** PEM of a PKCS#10 request, signed with the key that the device made and keeps. */
  csr: z.string().min(1).max(8192),
})

export const createCertificateResponseSchema = z.object({
  /** Lower-case hex SHA-256 of the certificate's DER, as AWS IoT names it. */
  certificateId: z.string().regex(/^[0-9a-f]{64}$/),
  certificatePem: z.string(),
  /** The fleet CA's certificate. */
  chainPem: z.string(),
  notAfter: isoTime,
  device: deviceConfigurationSchema,
})
export type CreateCertificateResponse = z.infer<typeof createCertificateResponseSchema>

export const createClaimRequestSchema = z.strictObject({
  thingName: thingNameSchema,
  attributes: attributes.default({}),
  /** How long the claim may be used: 1 minute to 30 days, 1 day when not given. */
  ttlSeconds: z.int().min(60).max(2_592_000).default(86_400),
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

const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().min(1).max(4096).optional(),
}

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

export const listThingsQuerySchema = z.strictObject(pageQuery)

/** claimed: may enroll · vended: has a certificate, never connected · active: registered · quarantined: refused, with the reason. */
const thingStates = ['claimed', 'vended', 'active', 'quarantined'] as const

export const thingSchema = z.object({
  thingName: z.string(),
  state: z.enum(thingStates),
  /** The certificate that the state speaks of. */
  certificateId: z.string().optional(),
  reason: z.string().optional(),
  attributes: z.record(z.string(), z.string()),
  changedAt: isoTime,
})
export type Thing = z.infer<typeof thingSchema>

export const listThingsResponseSchema = z.object({ things: z.array(thingSchema), cursor: z.string().optional() })
export type ListThingsResponse = z.infer<typeof listThingsResponseSchema>
