import { z } from 'zod'
import {
  attributesSchema,
  certificateIdSchema,
  isoTime,
  pageQuery,
  pemSchema,
  thingGroupNameSchema,
  thingNameSchema,
  thingTypeNameSchema,
} from './api-fields.ts'
import { certificateStates } from './certificate-state.ts'

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
  /** Where this API is; renewal asks there. */
  apiUrl: z.url(),
  /** Where S3 is, when it is not AWS's own: the embedded cloud. */
  s3Endpoint: z.url().optional(),
})
export type DeviceConfiguration = z.infer<typeof deviceConfigurationSchema>

/** PEM of a PKCS#10 request, signed with the key that the device made and keeps. */
const csr = z.string().min(1).max(8192)

export const createCertificateRequestSchema = z.strictObject({ claim: z.string().min(1).max(200), csr })

/** The CSR's common name names the thing. */
export const issueCertificateRequestSchema = z.strictObject({
  csr,
  thingTypeName: thingTypeNameSchema.optional(),
  thingGroupName: thingGroupNameSchema.optional(),
  attributes: attributesSchema.default({}),
})
export type IssueCertificateRequest = z.input<typeof issueCertificateRequestSchema>

export const renewCertificateRequestSchema = z.strictObject({ csr })

/** What vending, issuing and renewing answer. Asked again with the same key, they answer the same certificate. */
export const createCertificateResponseSchema = z.object({
  certificateId: certificateIdSchema,
  certificatePem: z.string(),
  /** The fleet CA's certificate. */
  chainPem: z.string(),
  notAfter: isoTime,
  device: deviceConfigurationSchema,
})
export type CreateCertificateResponse = z.infer<typeof createCertificateResponseSchema>

/** A renewal is over: the certificate that it was called with holds the thing, and these do no longer. */
export const confirmCertificateResponseSchema = z.object({
  certificateId: certificateIdSchema,
  retired: z.array(certificateIdSchema),
})
export type ConfirmCertificateResponse = z.infer<typeof confirmCertificateResponseSchema>

export const listCertificatesQuerySchema = z.strictObject({
  state: z.enum(certificateStates).default('active'),
  /** Only those that end before this. */
  expiresBefore: isoTime.optional(),
  ...pageQuery,
})

/** claim, issue: what an operator gave · renewal: for a certificate that held the thing · device: another CA's, met at its first connection. */
const certificateOrigins = ['claim', 'issue', 'renewal', 'device'] as const

export const certificateSchema = z.object({
  certificateId: z.string(),
  state: z.enum(certificateStates),
  origin: z.enum(certificateOrigins),
  /** Absent when a certificate that the ledger did not know names no thing. */
  thingName: z.string().optional(),
  /** Why it is in quarantine, rejected or revoked. */
  reason: z.string().optional(),
  caCertificateId: z.string().optional(),
  notAfter: isoTime.optional(),
  /** When it came into the ledger. */
  createdAt: isoTime,
  activatedAt: isoTime.optional(),
  changedAt: isoTime,
})
export type CertificateSummary = z.infer<typeof certificateSchema>

/** Listed by the time at which they end. */
export const listCertificatesResponseSchema = z.object({
  certificates: z.array(certificateSchema),
  cursor: z.string().optional(),
})
export type ListCertificatesResponse = z.infer<typeof listCertificatesResponseSchema>

export const approveCertificateRequestSchema = z.strictObject({
  /** The thing that it becomes; what its certificate names, when not given. */
  thingName: thingNameSchema.optional(),
  /** It takes the thing over from the certificate that holds it. */
  replace: z.boolean().default(false),
})
export type ApproveCertificateRequest = z.input<typeof approveCertificateRequestSchema>

/** Why an operator decides so, for whoever reads it later. */
export const decisionRequestSchema = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() })
export type DecisionRequest = z.infer<typeof decisionRequestSchema>

export const registerCaCertificateRequestSchema = z.strictObject({
  certificatePem: pemSchema,
  /** Proof that who registers it holds its key: a certificate of this CA whose common name is the registration code. Without it the CA works with SNI only. */
  verificationCertificatePem: pemSchema.optional(),
})
export type RegisterCaCertificateRequest = z.infer<typeof registerCaCertificateRequestSchema>

export const registrationCodeSchema = z.object({ registrationCode: z.string() })

/** fleet: its key is in the stack's KMS · foreign: someone else holds its key. */
const caKinds = ['fleet', 'foreign'] as const
/** signing: new certificates come from it · active: its certificates connect and register · retired: they do neither. */
const caStates = ['signing', 'active', 'retired'] as const

export const caCertificateSchema = z.object({
  caCertificateId: z.string(),
  kind: z.enum(caKinds),
  state: z.enum(caStates),
  subject: z.string(),
  notAfter: isoTime,
  createdAt: isoTime,
})
export type CaCertificate = z.infer<typeof caCertificateSchema>

export const listCaCertificatesResponseSchema = z.object({ caCertificates: z.array(caCertificateSchema) })
export type ListCaCertificatesResponse = z.infer<typeof listCaCertificatesResponseSchema>

export const drainQuerySchema = z.strictObject({ cursor: z.string().min(1).max(4096).optional() })

/** A page of the things that still stand on a CA: certificates of it that may connect. A page may be short or empty and still have a next. */
export const drainResponseSchema = z.object({
  standing: z.array(z.object({ certificateId: z.string(), thingName: z.string().optional() })),
  cursor: z.string().optional(),
})
export type DrainResponse = z.infer<typeof drainResponseSchema>
