import { S3Client } from '@aws-sdk/client-s3'
import middy from '@middy/core'
import type { Context, ScheduledEvent } from 'aws-lambda'
import { z } from 'zod'
import { createMultipartUploads } from '../issue-upload/multipart-uploads.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { log } from '../runtime/log.ts'
import { emitMetrics } from '../runtime/metrics.ts'
import { createUploadQuotas } from '../stores/upload-quotas.ts'
import { createUploadStore } from '../stores/upload-store.ts'
import { type Expiring, expireUploads } from './expire-uploads.ts'

const environment = parseEnvironment({
  UPLOAD_LOG_TABLE: z.string().min(1),
  BUCKET: z.string().min(1),
  /** How long after its end an upload may still be on its way: sent before, or its event. */
  GRACE_SECONDS: z.coerce.number().int().nonnegative(),
})

const tables = createTables()
const expiring: Expiring = {
  uploads: createUploadStore(tables, environment.UPLOAD_LOG_TABLE),
  quotas: createUploadQuotas(tables, environment.UPLOAD_LOG_TABLE),
  multipart: createMultipartUploads(new S3Client({}), environment.BUCKET),
  clock: () => new Date(),
}

export const handler = middy<ScheduledEvent, void, Error, Context>().handler(async () => {
  const now = expiring.clock()
  const before = new Date(now.getTime() - environment.GRACE_SECONDS * 1000)
  const counts = { UploadsExpired: await expireUploads(expiring, before) }
  log('info', 'sweep of uploads', counts)
  emitMetrics(counts, now)
})
