import { randomBytes } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import type { Context } from 'aws-lambda'
import { z } from 'zod'
import { routeKey, routes } from '#contract/api.ts'
import { parseThingName } from '#contract/thing-name.ts'
import { maxUrlSeconds } from '#contract/upload-limits.ts'
import {
  abortUploadQuerySchema,
  completeUploadRequestSchema,
  createUploadRequestSchema,
  idempotencyKeySchema,
  listPartsQuerySchema,
  uploadIdSchema,
} from '#contract/uploads-api.ts'
import { callingCertificate } from '../runtime/calling-certificate.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { type ApiRequest, createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createUploadQuotas } from '../stores/upload-quotas.ts'
import { createUploadStore } from '../stores/upload-store.ts'
import { abortUpload } from './abort-upload.ts'
import { answerMessage, uploadMessageSchema } from './answer-message.ts'
import { completeUpload } from './complete-upload.ts'
import { createPublisher } from './create-publisher.ts'
import { issueUpload } from './issue-upload.ts'
import type { AskingDevice, Issuing } from './issuing.ts'
import { listParts } from './list-parts.ts'
import { createMultipartUploads } from './multipart-uploads.ts'
import { requireHolder } from './require-holder.ts'
import { createUrlSigner } from './url-signer.ts'

const environment = parseEnvironment({
  AWS_REGION: z.string().min(1),
  AWS_ENDPOINT_URL: z.url().optional(),
  /** Of the function's own role: they sign the URLs, which end with them. Lambda does not say when that is; it is hours. */
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().min(1),
  LEDGER_TABLE: z.string().min(1),
  UPLOAD_LOG_TABLE: z.string().min(1),
  BUCKET: z.string().min(1),
  /** `BUCKET.s3.REGION.amazonaws.com` */
  BUCKET_HOST: z.string().min(1),
  DEVICE_ROLE: z.string().min(1),
  /** AWS IoT's, for answers over MQTT. */
  MQTT_ENDPOINT: z.string().min(1),
  URL_SECONDS: z.coerce.number().int().min(1).max(maxUrlSeconds),
  MULTIPART_SECONDS: z.coerce.number().int().min(1),
  MAX_OPEN_UPLOADS: z.coerce.number().int().min(1),
  MAX_BYTES_PER_DAY: z.coerce.number().int().min(1),
  /** How long rows of the upload log are kept; for ever without it. */
  KEEP_DAYS: z.coerce.number().int().min(1).optional(),
})

const bucket = environment.BUCKET
const endpoint = environment.AWS_ENDPOINT_URL
const region = environment.AWS_REGION
const credentials = {
  accessKeyId: environment.AWS_ACCESS_KEY_ID,
  secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
  sessionToken: environment.AWS_SESSION_TOKEN,
}
const tables = createTables()
const things = createThingStore(tables, environment.LEDGER_TABLE)
const issuing: Issuing = {
  uploads: createUploadStore(tables, environment.UPLOAD_LOG_TABLE, environment.KEEP_DAYS),
  quotas: createUploadQuotas(tables, environment.UPLOAD_LOG_TABLE),
  limits: { maxOpen: environment.MAX_OPEN_UPLOADS, maxBytesPerDay: environment.MAX_BYTES_PER_DAY },
  multipart: createMultipartUploads(new S3Client({}), bucket),
  urls: createUrlSigner({
    bucket,
    // AWS sets no endpoint: each service is where its name says. A cloud on one machine sets one.
    bucketUrl: endpoint === undefined ? `https://${environment.BUCKET_HOST}` : `${endpoint}/${bucket}`,
    region,
    credentials,
  }),
  urlSeconds: environment.URL_SECONDS,
  multipartSeconds: environment.MULTIPART_SECONDS,
  clock: () => new Date(),
  drawId: () => randomBytes(8).toString('hex'),
}

function askingDevice({ path, callerArn }: ApiRequest): Promise<AskingDevice> {
  const certificateId = callingCertificate(callerArn, environment.DEVICE_ROLE)
  return requireHolder(things, { thingName: parseThingName(path.thing ?? ''), certificateId })
}

async function askedUpload(request: ApiRequest) {
  const { thingName } = await askingDevice(request)
  return { thingName, uploadId: parseRequest(uploadIdSchema, request.path.uploadId) }
}

const answering = {
  async issue(device: AskingDevice, ...request: [Parameters<typeof issueUpload>[2], string]) {
    return issueUpload(issuing, await requireHolder(things, device), ...request)
  },
  publish: createPublisher({ endpoint: endpoint ?? `https://${environment.MQTT_ENDPOINT}`, region, credentials }),
}

const handleHttp = createHttpHandler({
  [routeKey(routes.createUpload)]: async (request) => {
    const device = await askingDevice(request)
    const idempotencyKey = parseRequest(idempotencyKeySchema.optional(), request.headers['idempotency-key'])
    const asked = parseRequest(createUploadRequestSchema, request.json())
    const body = await issueUpload(issuing, device, asked, idempotencyKey)
    return { status: body.state === 'arrived' ? 200 : 201, body }
  },

  [routeKey(routes.listUploadParts)]: async (request) => ({
    status: 200,
    body: await listParts(issuing, await askedUpload(request), parseRequest(listPartsQuerySchema, request.query)),
  }),

  [routeKey(routes.completeUpload)]: async (request) => {
    const completion = parseRequest(completeUploadRequestSchema, request.json())
    return { status: 200, body: await completeUpload(issuing, await askedUpload(request), completion) }
  },

  [routeKey(routes.abortUpload)]: async (request) => {
    const { reason } = parseRequest(abortUploadQuerySchema, request.query)
    return { status: 200, body: await abortUpload(issuing, await askedUpload(request), reason) }
  },
})

/** From the API, or from the topic rule. */
export async function handler(event: Parameters<typeof handleHttp>[0] | object, context: Context): Promise<unknown> {
  if ('routeKey' in event) return handleHttp(event, context)
  return answerMessage(answering, uploadMessageSchema.parse(event), context.awsRequestId)
}
