import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { consumeActions, EventQueue } from './event-queue.ts'
import { grant } from './grant.ts'
import { createFunction } from './thingdrop-function.ts'
import { createUploadsBucket } from './uploads-bucket.ts'

/** The bucket and its hook: S3's event → queue → record-upload → the upload log. */
export class UploadRecording extends Construct {
  readonly bucket: Bucket
  readonly events: EventQueue

  constructor(scope: Construct, id: string, { uploadLog }: { readonly uploadLog: Table }) {
    super(scope, id)
    this.events = new EventQueue(this, 'events', 'record-upload')
    this.bucket = createUploadsBucket(this, { events: this.events.queue })

    const record = createFunction(this, 'record-upload', {
      environment: { UPLOAD_LOG_TABLE: uploadLog.tableName, BUCKET: this.bucket.bucketName },
      grants: [
        grant(consumeActions, this.events.queue.queueArn),
        grant(['dynamodb:BatchWriteItem', 'dynamodb:UpdateItem'], uploadLog.tableArn),
      ],
    })
    this.events.feed(record, { batchSize: 10, maxConcurrency: 10 })
  }
}
