import { randomBytes } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { certificateIdSchema } from '#contract/api-fields.ts'
import { certificateSchema, listCertificatesQuerySchema } from '#contract/certificates-api.ts'
import { createClaimRequestSchema, listClaimsQuerySchema } from '#contract/claims-api.ts'
import { routeKey, routes } from '#contract/routes.ts'
import { uploadStatsQuerySchema } from '#contract/stats-api.ts'
import { parseThingName } from '#contract/thing-name.ts'
import { listThingsQuerySchema } from '#contract/things-api.ts'
import {
  downloadUploadRequestSchema,
  listUploadsQuerySchema,
  rebuildUploadsRequestSchema,
  showUploadQuerySchema,
} from '#contract/upload-log-api.ts'
import { uploadIdSchema } from '#contract/uploads-api.ts'
import { registrationEnvironment } from '../rules/registration-environment.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createClaimStore } from '../stores/claim-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createUploadLog } from '../stores/upload-log.ts'
import { createUploadStore } from '../stores/upload-store.ts'
import { createClaim } from './create-claim.ts'
import { downloadUpload } from './download-upload.ts'
import { listCertificates } from './list-certificates.ts'
import { listClaims, revokeClaim } from './list-claims.ts'
import { listThings, showThing } from './list-things.ts'
import { listUploads } from './list-uploads.ts'
import { rebuildUploads } from './rebuild-uploads.ts'
import { answerOpenApi } from './show-open-api.ts'
import { showUpload } from './show-upload.ts'
import { showUploadStats } from './show-upload-stats.ts'

const environment = parseEnvironment({
  AWS_REGION: z.string().min(1),
  AWS_ENDPOINT_URL: z.url().optional(),
  /** Of the function's own role: they sign the URLs of downloads. */
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().min(1),
  LEDGER_TABLE: z.string().min(1),
  UPLOAD_LOG_TABLE: z.string().min(1),
  BUCKET: z.string().min(1),
  /** `BUCKET.s3.REGION.amazonaws.com` */
  BUCKET_HOST: z.string().min(1),
  API_URL: z.url(),
  /** How long rows of the upload log are kept; for ever without it. */
  KEEP_DAYS: z.coerce.number().int().min(1).optional(),
  ...registrationEnvironment,
})

const clock = () => new Date()
const tables = createTables()
const log = createUploadLog(tables, environment.UPLOAD_LOG_TABLE, environment.KEEP_DAYS)
const issued = createUploadStore(tables, environment.UPLOAD_LOG_TABLE, environment.KEEP_DAYS)
const things = createThingStore(tables, environment.LEDGER_TABLE)
const claims = createClaimStore(tables, environment.LEDGER_TABLE)
const ledger = createCertificateLedger(tables, environment.LEDGER_TABLE)
const claiming = {
  claims,
  things,
  clock,
  random: randomBytes,
  apiUrl: environment.API_URL,
  rules: environment.REGISTRATION_RULES,
  catalog: { thingTypeNames: environment.THING_TYPES, thingGroupNames: environment.THING_GROUPS },
}

const endpoint = environment.AWS_ENDPOINT_URL
const downloading = {
  log,
  // AWS sets no endpoint: each service is where its name says. A cloud on one machine sets one.
  bucketUrl: endpoint === undefined ? `https://${environment.BUCKET_HOST}` : `${endpoint}/${environment.BUCKET}`,
  region: environment.AWS_REGION,
  credentials: {
    accessKeyId: environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    sessionToken: environment.AWS_SESSION_TOKEN,
  },
  clock,
}
const rebuilding = { s3: new S3Client({}), bucket: environment.BUCKET, log, issued, things, clock }
const counting = { tables, tableName: environment.UPLOAD_LOG_TABLE }

export const handler = createHttpHandler({
  [routeKey(routes.createClaim)]: async ({ json }) => ({
    status: 201,
    body: await createClaim(claiming, parseRequest(createClaimRequestSchema, json())),
  }),

  [routeKey(routes.listClaims)]: async ({ query }) => ({
    status: 200,
    body: await listClaims(claims, parseRequest(listClaimsQuerySchema, query), clock()),
  }),

  [routeKey(routes.revokeClaim)]: async ({ path }) => ({
    status: 200,
    body: await revokeClaim(claims, path.claimId ?? '', clock()),
  }),

  [routeKey(routes.listCertificates)]: async ({ query }) => ({
    status: 200,
    body: await listCertificates(ledger, parseRequest(listCertificatesQuerySchema, query)),
  }),

  [routeKey(routes.showCertificate)]: async ({ path }) => ({
    status: 200,
    body: certificateSchema.parse(await ledger.get(parseRequest(certificateIdSchema, path.certificateId))),
  }),

  [routeKey(routes.listThings)]: async ({ query }) => ({
    status: 200,
    body: await listThings({ things, log }, parseRequest(listThingsQuerySchema, query), clock()),
  }),

  [routeKey(routes.showThing)]: async ({ path }) => ({
    status: 200,
    body: await showThing({ things, log }, parseThingName(path.thing ?? '')),
  }),

  [routeKey(routes.listUploads)]: async ({ query }) => ({
    status: 200,
    body: await listUploads({ log, issued }, parseRequest(listUploadsQuerySchema, query), clock()),
  }),

  [routeKey(routes.showUpload)]: async ({ path, query }) => {
    const { thing } = parseRequest(showUploadQuerySchema, query)
    return { status: 200, body: await showUpload(log, parseRequest(uploadIdSchema, path.uploadId), thing) }
  },

  [routeKey(routes.downloadUpload)]: async ({ path, json }) => {
    const request = parseRequest(downloadUploadRequestSchema, json())
    const uploadId = parseRequest(uploadIdSchema, path.uploadId)
    return { status: 200, body: await downloadUpload(downloading, { ...request, uploadId }) }
  },

  [routeKey(routes.rebuildUploads)]: async ({ json }) => ({
    status: 200,
    body: await rebuildUploads(rebuilding, parseRequest(rebuildUploadsRequestSchema, json())),
  }),

  [routeKey(routes.showUploadStats)]: async ({ query }) => ({
    status: 200,
    body: await showUploadStats(counting, parseRequest(uploadStatsQuerySchema, query), clock()),
  }),

  [routeKey(routes.showOpenApi)]: async ({ headers }) => answerOpenApi(headers['if-none-match']),
})
