import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IAMClient } from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import { createGateway } from '#local/gateway/gateway.ts'
import { createIam, type Iam } from './create-iam.ts'

export const accountId = '000000000000'
const region = 'us-east-1'

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface IamFixture {
  readonly folder: string
  readonly iam: Iam
  iamClient(credentials?: Credentials): IAMClient
  stsClient(credentials?: Credentials): STSClient
  stop(): Promise<void>
}

/** IAM behind a gateway of its own, for tests; clients sign as the operator unless told otherwise. */
export async function startIam({ clock = () => new Date() } = {}): Promise<IamFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'iam-'))
  const iam = openIam(folder, clock)
  const gateway = createGateway({
    services: { iam: iam.service, sts: iam.stsService },
    credentials: iam.credentials,
    authorizer: iam.authorizer,
    region,
    clock,
  })
  const endpoint = `http://127.0.0.1:${await gateway.listen(0)}`
  const config = (credentials: Credentials = iam.operatorCredentials()) => ({
    endpoint,
    region,
    maxAttempts: 1,
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
    },
  })
  return {
    folder,
    iam,
    iamClient: (credentials) => new IAMClient(config(credentials)),
    stsClient: (credentials) => new STSClient(config(credentials)),
    async stop() {
      await gateway.close()
      iam.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export function openIam(folder: string, clock: () => Date = () => new Date()): Iam {
  return createIam({ folder, accountId, region, clock })
}

export function policyText(...statements: readonly Readonly<Record<string, unknown>>[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function trusts(principal: unknown, condition?: unknown): string {
  return policyText({
    Effect: 'Allow',
    Principal: principal,
    Action: 'sts:AssumeRole',
    ...(condition !== undefined && { Condition: condition }),
  })
}
