import { z } from 'zod'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createQueueHandler } from '../runtime/queue-handler.ts'
import { createUploadLog } from '../stores/upload-log.ts'
import { recordUploads } from './record-uploads.ts'

const environment = parseEnvironment({ UPLOAD_LOG_TABLE: z.string().min(1), BUCKET: z.string().min(1) })

const recording = {
  uploads: createUploadLog(createTables(), environment.UPLOAD_LOG_TABLE),
  bucket: environment.BUCKET,
  clock: () => new Date(),
}

export const handler = createQueueHandler((records) =>
  recordUploads(
    recording,
    records.map((record) => record.body),
  ),
)
