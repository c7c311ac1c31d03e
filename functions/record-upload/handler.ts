import { z } from 'zod'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createQueueHandler } from '../runtime/queue-handler.ts'
import { createUploadLog } from '../stores/upload-log.ts'
import { createUploadQuotas } from '../stores/upload-quotas.ts'
import { createUploadStore } from '../stores/upload-store.ts'
import { recordUploads } from './record-uploads.ts'

const environment = parseEnvironment({ UPLOAD_LOG_TABLE: z.string().min(1), BUCKET: z.string().min(1) })

const tables = createTables()
const recording = {
  uploads: createUploadLog(tables, environment.UPLOAD_LOG_TABLE),
  issued: createUploadStore(tables, environment.UPLOAD_LOG_TABLE),
  quotas: createUploadQuotas(tables, environment.UPLOAD_LOG_TABLE),
  bucket: environment.BUCKET,
  clock: () => new Date(),
}

export const handler = createQueueHandler((records) =>
  recordUploads(
    recording,
    records.map((record) => record.body),
  ),
)
