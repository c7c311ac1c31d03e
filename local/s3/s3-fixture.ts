import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { createGateway } from '#local/gateway/gateway.ts'
import { createIam, type Iam } from '#local/iam/create-iam.ts'
import { type Call, notImplemented, type PolicyDocument } from '#local/service.ts'
import { createS3, type S3 } from './create-s3.ts'
import type { EventMessage, Notify } from './notification/event-outbox.ts'

const accountId = '000000000000'
export const region = 'us-east-1'
export const queueArn = `arn:aws:sqs:${region}:${accountId}:uploads`

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

export interface S3Fixture {
  readonly folder: string
  readonly iam: Iam
  readonly s3: S3
  readonly endpoint: string
  readonly credentials: Credentials
  /** Signs as the operator, who may do everything. */
  readonly client: S3Client
  /** A call by the account itself, for operations. */
  readonly rootCall: Call
  /** What was delivered to queues, in order. */
  readonly messages: EventMessage[]
  /** Resolves when so many messages have been delivered. */
  delivered(count: number): Promise<EventMessage[]>
  connect(config?: S3ClientConfig): S3Client
  /** A client of a new user with one inline policy. */
  connectAs(name: string, policy: PolicyDocument): Promise<S3Client>
  stop(): Promise<void>
}

/** S3 behind a gateway with IAM on a free port, for tests. */
export async function startS3(
  options: { clock?: () => Date; folder?: string; notify?: Notify } = {},
): Promise<S3Fixture> {
  const { clock = () => new Date() } = options
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 's3-'))
  const iam = createIam({ folder, accountId, region, clock })
  const messages: EventMessage[] = []
  const waiters: { count: number; resolve(): void }[] = []
  const notify: Notify = async (message) => {
    await options.notify?.(message)
    messages.push(message)
    for (const waiter of waiters) if (messages.length >= waiter.count) waiter.resolve()
  }
  const { authorizer, credentials: lookup } = iam
  const s3 = createS3({ folder: join(folder, 's3'), accountId, region, clock, notify, authorizer, credentials: lookup })
  s3.start()
  const gateway = createGateway({
    services: { s3: s3.service, iam: iam.service },
    credentials: lookup,
    authorizer,
    region,
    clock,
    log: (message, error) => console.error(message, error),
  })
  const endpoint = `http://127.0.0.1:${await gateway.listen(0)}`
  const credentials = iam.operatorCredentials()
  const clients: S3Client[] = []
  const connect = (config: S3ClientConfig = {}) => {
    const client = new S3Client({ endpoint, region, credentials, maxAttempts: 1, forcePathStyle: true, ...config })
    clients.push(client)
    return client
  }
  const rootCall: Call = { caller: iam.root, requestId: 'request', sourceIp: '127.0.0.1', authorize() {} }

  return {
    folder,
    iam,
    s3,
    endpoint,
    credentials,
    client: connect(),
    rootCall,
    messages,
    async delivered(count) {
      if (messages.length < count) await new Promise<void>((resolve) => waiters.push({ count, resolve }))
      return messages
    },
    connect,
    async connectAs(name, policy) {
      const call = (operation: string, input: object) => {
        const run = iam.operations[operation]
        if (!run) throw notImplemented(operation)
        return run(input, rootCall)
      }
      await call('CreateUser', { UserName: name })
      await call('PutUserPolicy', { UserName: name, PolicyName: 'inline', PolicyDocument: JSON.stringify(policy) })
      const { AccessKey } = (await call('CreateAccessKey', { UserName: name })) as {
        AccessKey: { AccessKeyId: string; SecretAccessKey: string }
      }
      return connect({
        credentials: { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey },
      })
    },
    async stop() {
      for (const client of clients) client.destroy()
      await gateway.close()
      await s3.close()
      iam.close()
      if (!options.folder) rmSync(folder, { recursive: true })
    },
  }
}
