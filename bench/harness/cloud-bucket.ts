import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { CreateBucketCommand, DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { SinkTally } from '../programs/upload-sink.ts'
import { pinServer } from './pin-process.ts'
import { type CloudProgram, startCloud } from './start-cloud.ts'
import type { UploadTarget } from './upload-tools.ts'

/** A bucket of the embedded S3, and a session that may do everything with it. */
export interface CloudBucket extends Pick<UploadTarget, 'endpoint' | 'bucket' | 'credentials'> {
  /** What is in it, which is removed. */
  takeTally(): Promise<SinkTally>
  stop(): Promise<void>
}

export async function startCloudBucket(): Promise<CloudBucket> {
  const cloud = await startCloud()
  pinServer(cloud.pid)
  const bucket = 'files'
  const s3 = new S3Client({ ...cloud.client, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  return {
    endpoint: cloud.client.endpoint,
    bucket,
    credentials: await openSession(cloud.client),
    async takeTally() {
      let objects = 0
      let bytes = 0
      for (;;) {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }))
        if (Contents.length === 0) return { objects, bytes, firstConnectionMs: Number.NaN }
        objects += Contents.length
        for (const { Size = 0 } of Contents) bytes += Size
        const Objects = Contents.map(({ Key }) => ({ Key }))
        await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }))
      }
    },
    stop: () => cloud.stop(),
  }
}

async function openSession(client: CloudProgram['client']) {
  const iam = new IAMClient(client)
  const RoleName = 'bench'
  const statement = (rest: object) => JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...rest } })
  const AssumeRolePolicyDocument = statement({ Action: 'sts:AssumeRole', Principal: { AWS: '*' } })
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  const PolicyDocument = statement({ Action: 's3:*', Resource: '*' })
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'uploads', PolicyDocument }))
  const session = { RoleArn: Role?.Arn, RoleSessionName: 'bench' }
  const { Credentials } = await new STSClient(client).send(new AssumeRoleCommand(session))
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
}
