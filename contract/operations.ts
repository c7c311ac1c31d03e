import type { z } from 'zod'
import {
  approveCertificateRequestSchema,
  caCertificateSchema,
  certificateSchema,
  confirmCertificateResponseSchema,
  createCertificateRequestSchema,
  createCertificateResponseSchema,
  decisionRequestSchema,
  drainQuerySchema,
  drainResponseSchema,
  issueCertificateRequestSchema,
  listCaCertificatesResponseSchema,
  listCertificatesQuerySchema,
  listCertificatesResponseSchema,
  registerCaCertificateRequestSchema,
  registrationCodeSchema,
  renewCertificateRequestSchema,
} from './certificates-api.ts'
import {
  claimSchema,
  createClaimRequestSchema,
  createClaimResponseSchema,
  listClaimsQuerySchema,
  listClaimsResponseSchema,
} from './claims-api.ts'
import { explanationSchema } from './explanation.ts'
import type { RouteName } from './routes.ts'
import { uploadStatsQuerySchema, uploadStatsResponseSchema } from './stats-api.ts'
import {
  listThingsQuerySchema,
  listThingsResponseSchema,
  revokeThingResponseSchema,
  thingSchema,
} from './things-api.ts'
import {
  downloadUploadRequestSchema,
  downloadUploadResponseSchema,
  listUploadsQuerySchema,
  listUploadsResponseSchema,
  rebuildUploadsRequestSchema,
  rebuildUploadsResponseSchema,
  showUploadQuerySchema,
  showUploadResponseSchema,
} from './upload-log-api.ts'
import {
  abortUploadQuerySchema,
  completeUploadRequestSchema,
  createUploadRequestSchema,
  createUploadResponseSchema,
  idempotencyKeySchema,
  listPartsQuerySchema,
  listPartsResponseSchema,
  settleUploadResponseSchema,
} from './uploads-api.ts'

export interface Operation {
  readonly about: 'certificates' | 'claims' | 'things' | 'uploads' | 'certificate authorities' | 'this API'
  /** One line. */
  readonly summary: string
  readonly description?: string
  readonly query?: z.ZodObject
  /** Request headers, in lower case, that the operation knows; none is needed. */
  readonly headers?: Readonly<Record<string, z.ZodType>>
  readonly body?: z.ZodType
  /** By status. A status without a schema has no body, or one that no schema of ours says. */
  readonly answers: Readonly<Record<number, z.ZodType | 'anything' | 'nothing'>>
}

const page = 'A page may be short, or empty, and still have a `cursor`: only a page without one is the last.'

/** What every route takes and answers. */
export const operations: Readonly<Record<RouteName, Operation>> = {
  createCertificate: {
    about: 'certificates',
    summary: 'Trade a claim for a certificate',
    description: 'Asked again with the same claim and key, it answers the same certificate.',
    body: createCertificateRequestSchema,
    answers: { 201: createCertificateResponseSchema },
  },
  issueCertificate: {
    about: 'certificates',
    summary: 'Sign a CSR without a claim',
    description: 'Asked again with the same key, it answers the same certificate.',
    body: issueCertificateRequestSchema,
    answers: { 201: createCertificateResponseSchema },
  },
  listCertificates: {
    about: 'certificates',
    summary: 'List certificates in one state',
    description: `Those that end first first. ${page}`,
    query: listCertificatesQuerySchema,
    answers: { 200: listCertificatesResponseSchema },
  },
  showCertificate: { about: 'certificates', summary: 'Show a certificate', answers: { 200: certificateSchema } },
  approveCertificate: {
    about: 'certificates',
    summary: 'Let a certificate in that is in quarantine or was rejected',
    body: approveCertificateRequestSchema,
    answers: { 200: certificateSchema },
  },
  rejectCertificate: {
    about: 'certificates',
    summary: 'Keep a certificate out that is in quarantine',
    body: decisionRequestSchema,
    answers: { 200: certificateSchema },
  },
  revokeCertificate: {
    about: 'certificates',
    summary: 'Take a certificate out of use for good',
    body: decisionRequestSchema,
    answers: { 200: certificateSchema },
  },
  renewCertificate: {
    about: 'certificates',
    summary: 'Get a new certificate for the one that calls',
    body: renewCertificateRequestSchema,
    answers: { 201: createCertificateResponseSchema },
  },
  confirmCertificate: {
    about: 'certificates',
    summary: 'End a renewal: the new certificate is in use',
    answers: { 200: confirmCertificateResponseSchema },
  },
  createUpload: {
    about: 'uploads',
    summary: 'Ask for a URL to send a file to',
    description:
      'One PUT, parts for large files, or a form. With an `idempotency-key` it answers the same upload again. Status 200 says that the file is there already.',
    headers: { 'idempotency-key': idempotencyKeySchema },
    body: createUploadRequestSchema,
    answers: { 200: createUploadResponseSchema, 201: createUploadResponseSchema },
  },
  listUploadParts: {
    about: 'uploads',
    summary: 'Get URLs for parts of an upload',
    query: listPartsQuerySchema,
    answers: { 200: listPartsResponseSchema },
  },
  completeUpload: {
    about: 'uploads',
    summary: 'Make the object of its parts',
    body: completeUploadRequestSchema,
    answers: { 200: settleUploadResponseSchema },
  },
  abortUpload: {
    about: 'uploads',
    summary: 'Give an upload up',
    query: abortUploadQuerySchema,
    answers: { 200: settleUploadResponseSchema },
  },
  createClaim: {
    about: 'claims',
    summary: 'Make a claim: what one device enrolls with, once',
    body: createClaimRequestSchema,
    answers: { 201: createClaimResponseSchema },
  },
  listClaims: {
    about: 'claims',
    summary: 'List claims in one state',
    description: `Those that expire first first. ${page}`,
    query: listClaimsQuerySchema,
    answers: { 200: listClaimsResponseSchema },
  },
  revokeClaim: { about: 'claims', summary: 'Take a claim back', answers: { 200: claimSchema } },
  listUploads: {
    about: 'uploads',
    summary: 'List the upload log, newest first',
    description: `Without \`state\`: objects that came and went, as S3 told. ${page}`,
    query: listUploadsQuerySchema,
    answers: { 200: listUploadsResponseSchema },
  },
  showUpload: {
    about: 'uploads',
    summary: 'Show one upload: what was issued, and all events of its key',
    query: showUploadQuerySchema,
    answers: { 200: showUploadResponseSchema },
  },
  downloadUpload: {
    about: 'uploads',
    summary: 'Get a URL to fetch a file with',
    description: 'Whoever has the URL gets the file, for at most 15 minutes.',
    body: downloadUploadRequestSchema,
    answers: { 200: downloadUploadResponseSchema },
  },
  rebuildUploads: {
    about: 'uploads',
    summary: 'Compare the bucket with the log, and mend the log',
    description:
      'One page of the bucket’s listing a call. It may be broken off and taken up with the last cursor, and done twice it is done once.',
    body: rebuildUploadsRequestSchema,
    answers: { 200: rebuildUploadsResponseSchema },
  },
  showUploadStats: {
    about: 'uploads',
    summary: 'Count files and bytes for each thing and UTC day',
    description:
      'Counted from the rows at the time of asking, so exact. A thing and day that comes again on a later page goes on there: add them.',
    query: uploadStatsQuerySchema,
    answers: { 200: uploadStatsResponseSchema },
  },
  listThings: {
    about: 'things',
    summary: 'List things by name, or those that went silent',
    description: page,
    query: listThingsQuerySchema,
    answers: { 200: listThingsResponseSchema },
  },
  showThing: { about: 'things', summary: 'Show a thing', answers: { 200: thingSchema } },
  revokeThing: {
    about: 'things',
    summary: 'Revoke every certificate and open claim of a thing',
    body: decisionRequestSchema,
    answers: { 200: revokeThingResponseSchema },
  },
  deleteThing: {
    about: 'things',
    summary: 'Revoke a thing and remove it; its files stay',
    answers: { 200: revokeThingResponseSchema },
  },
  explain: {
    about: 'things',
    summary: 'Walk the way of a thing, or of a certificate, from its CA to its last file',
    answers: { 200: explanationSchema },
  },
  listCaCertificates: {
    about: 'certificate authorities',
    summary: 'List CAs',
    answers: { 200: listCaCertificatesResponseSchema },
  },
  registerCaCertificate: {
    about: 'certificate authorities',
    summary: 'Take in a CA whose key someone else holds',
    body: registerCaCertificateRequestSchema,
    answers: { 201: caCertificateSchema },
  },
  showRegistrationCode: {
    about: 'certificate authorities',
    summary: 'Get the code that a verification certificate names',
    answers: { 200: registrationCodeSchema },
  },
  rotateFleetCa: {
    about: 'certificate authorities',
    summary: 'Make a new fleet CA beside the old one, whose certificates stay valid',
    answers: { 201: caCertificateSchema },
  },
  drainCaCertificate: {
    about: 'certificate authorities',
    summary: 'List what still stands on a CA',
    description: page,
    query: drainQuerySchema,
    answers: { 200: drainResponseSchema },
  },
  retireCaCertificate: {
    about: 'certificate authorities',
    summary: 'Retire a CA that nothing stands on',
    answers: { 200: caCertificateSchema },
  },
  showOpenApi: {
    about: 'this API',
    summary: 'Get this description, as OpenAPI 3.1',
    description: 'It has an `etag`: asked with `if-none-match`, it answers 304 while it is the same.',
    answers: { 200: 'anything', 304: 'nothing' },
  },
}
