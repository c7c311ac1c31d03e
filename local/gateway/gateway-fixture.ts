import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIam, type Iam } from '#local/iam/create-iam.ts'
import type { HttpService } from '#local/service.ts'
import { createGateway } from './gateway.ts'

export const accountId = '000000000000'
export const region = 'us-east-1'

export interface GatewayFixture {
  readonly iam: Iam
  readonly folder: string
  readonly endpoint: string
  readonly credentials: { accessKeyId: string; secretAccessKey: string }
  /** What an SDK client takes; signs as the operator. */
  readonly clientConfig: {
    endpoint: string
    region: string
    maxAttempts: number
    credentials: { accessKeyId: string; secretAccessKey: string }
  }
  /** What was told to `log`. */
  readonly logged: string[]
  stop(): Promise<void>
}

/** A gateway with IAM on a free port, for tests. */
export async function startGateway(
  createServices: (environment: { folder: string; endpoint: () => string }) => Record<string, HttpService>,
  { clock = () => new Date() } = {},
): Promise<GatewayFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  const iam = createIam({ folder, accountId, region, clock })
  const logged: string[] = []
  let endpoint = ''
  const gateway = createGateway({
    services: { iam: iam.service, sts: iam.stsService, ...createServices({ folder, endpoint: () => endpoint }) },
    credentials: iam.credentials,
    authorizer: iam.authorizer,
    region,
    clock,
    log: (message) => logged.push(message),
  })
  endpoint = `http://127.0.0.1:${await gateway.listen(0)}`
  const credentials = iam.operatorCredentials()
  return {
    iam,
    folder,
    endpoint,
    credentials,
    clientConfig: { endpoint, region, maxAttempts: 1, credentials },
    logged,
    async stop() {
      await gateway.close()
      iam.close()
      rmSync(folder, { recursive: true })
    },
  }
}
