import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { consumeActions, EventQueue } from './event-queue.ts'
import { grant } from './grant.ts'
import type { Settings } from './settings.ts'
import type { Tables } from './tables.ts'
import { createFunction } from './thingdrop-function.ts'
import { keepDays } from './upload-log-environment.ts'
import { createUploadsBucket } from './uploads-bucket.ts'

interface UploadRecordingProps {
  readonly tables: Tables
  readonly settings: Settings
}

/** The bucket and its hook: S3's event → queue → record-upload → the upload log. */
export class UploadRecording extends Construct {
  readonly bucket: Bucket
  readonly events: EventQueue

  constructor(scope: Construct, id: string, { tables, settings }: UploadRecordingProps) {
    super(scope, id)
    const { ledger, uploadLog } = tables
    this.events = new EventQueue(this, 'events', 'record-upload')
    this.bucket = createUploadsBucket(this, { events: this.events.queue })

    const record = createFunction(this, 'record-upload', {
      environment: {
        LEDGER_TABLE: ledger.tableName,
        UPLOAD_LOG_TABLE: uploadLog.tableName,
        BUCKET: this.bucket.bucketName,
        ...keepDays(settings),
      },
      grants: [
        grant(consumeActions, this.events.queue.queueArn),
        grant(['dynamodb:BatchWriteItem', 'dynamodb:UpdateItem'], uploadLog.tableArn),
        // A thing's last upload.
        grant(['dynamodb:UpdateItem'], ledger.tableArn),
      ],
    })
    this.events.feed(record, { batchSize: 10, maxConcurrency: 10 })
  }
}
