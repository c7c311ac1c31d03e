import { Duration } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { grant } from './grant.ts'
import { createFunction } from './thingdrop-function.ts'

interface UploadSweepProps {
  readonly uploadLog: Table
  readonly bucket: Bucket
}

/** Every quarter of an hour: uploads that a URL was issued for and that did not come. */
export class UploadSweep extends Construct {
  constructor(scope: Construct, id: string, { uploadLog, bucket }: UploadSweepProps) {
    super(scope, id)
    const sweep = createFunction(this, 'sweep-uploads', {
      environment: {
        UPLOAD_LOG_TABLE: uploadLog.tableName,
        BUCKET: bucket.bucketName,
        GRACE_SECONDS: String(Duration.minutes(5).toSeconds()),
      },
      grants: [
        grant(['dynamodb:Query'], `${uploadLog.tableArn}/index/listings`),
        grant(['dynamodb:UpdateItem'], uploadLog.tableArn),
        grant(['s3:AbortMultipartUpload'], bucket.arnForObjects('things/*')),
      ],
    })
    new Rule(this, 'schedule', {
      description: 'thingdrop: sweeps uploads',
      schedule: Schedule.rate(Duration.minutes(15)),
      targets: [new LambdaFunction(sweep)],
    })
  }
}
