import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Api } from './api.ts'
import { DeviceAccess } from './device-access.ts'
import { FleetCa } from './fleet-ca.ts'
import { Registration } from './registration.ts'
import type { Settings } from './settings.ts'
import { Sweep } from './sweep.ts'
import { Tables } from './tables.ts'
import { UploadRecording } from './upload-recording.ts'
import { UploadRequests } from './upload-requests.ts'
import { UploadSweep } from './upload-sweep.ts'

interface ThingdropStackProps extends StackProps {
  readonly settings: Settings
}

/** Thingdrop's backend, whole. */
export class ThingdropStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: ThingdropStackProps) {
    super(scope, id, props)

    const tables = new Tables(this, 'tables', settings)
    const ca = new FleetCa(this, 'ca', { ledger: tables.ledger })
    const { bucket, ...recording } = new UploadRecording(this, 'recording', { tables, settings })
    const access = new DeviceAccess(this, 'access', { bucket, settings })
    const registration = new Registration(this, 'registration', { tables, access, settings })
    new Sweep(this, 'sweep', { tables, access, registration })
    const api = new Api(this, 'api', { tables, ca, access, bucket, registration, settings })
    new UploadRequests(this, 'upload-requests', { issueUpload: api.issueUpload })
    new UploadSweep(this, 'upload-sweep', { uploadLog: tables.uploadLog, bucket })

    const outputs = {
      ApiUrl: api.url,
      BucketName: bucket.bucketName,
      MqttEndpoint: ca.mqttEndpoint,
      CredentialsEndpoint: ca.credentialsEndpoint,
      RoleAlias: access.roleAlias,
      ThingTypeName: access.thingTypeNames[0] ?? '',
      CaCertificateId: ca.certificateId,
      LedgerTable: tables.ledger.tableName,
      UploadLogTable: tables.uploadLog.tableName,
      RegistrationQueueUrl: registration.events.queue.queueUrl,
      RegistrationDeadLettersUrl: registration.events.deadLetters.queueUrl,
      RecordingQueueUrl: recording.events.queue.queueUrl,
      RecordingDeadLettersUrl: recording.events.deadLetters.queueUrl,
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value })
  }
}
