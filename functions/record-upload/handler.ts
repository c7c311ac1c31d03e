import { z } from 'zod'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createQueueHandler } from '../runtime/queue-handler.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createUploadLog } from '../stores/upload-log.ts'
import { createUploadQuotas } from '../stores/upload-quotas.ts'
import { createUploadStore } from '../stores/upload-store.ts'
import { createLastUploads } from './last-uploads.ts'
import { recordUploads } from './record-uploads.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  UPLOAD_LOG_TABLE: z.string().min(1),
  BUCKET: z.string().min(1),
  /** How long rows are kept; for ever without it. */
  KEEP_DAYS: z.coerce.number().int().min(1).optional(),
})

const tables = createTables()
const recording = {
  uploads: createUploadLog(tables, environment.UPLOAD_LOG_TABLE, environment.KEEP_DAYS),
  issued: createUploadStore(tables, environment.UPLOAD_LOG_TABLE, environment.KEEP_DAYS),
  quotas: createUploadQuotas(tables, environment.UPLOAD_LOG_TABLE),
  noteLastUpload: createLastUploads(createThingStore(tables, environment.LEDGER_TABLE)),
  bucket: environment.BUCKET,
  clock: () => new Date(),
}

export const handler = createQueueHandler((records) =>
  recordUploads(
    recording,
    records.map((record) => record.body),
  ),
)
