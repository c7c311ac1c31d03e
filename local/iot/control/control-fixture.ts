import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IoTClient } from '@aws-sdk/client-iot'
import { createGateway } from '#local/gateway/gateway.ts'
import type { Authorizer, Caller } from '#local/service.ts'
import { createRegistry } from '../registry/registry.ts'
import { ruleSyntax } from '../rules/rule-syntax.ts'
import { createIotControl } from './iot-control.ts'

export const accountId = '123456789012'
const region = 'eu-central-1'
const secretAccessKey = 'secret'
const caller: Caller = {
  kind: 'root',
  arn: `arn:aws:iam::${accountId}:root`,
  accountId,
  userId: accountId,
  context: {},
}

type AskedPermission = Parameters<Authorizer['require']>

/** The control plane behind a real gateway, with a client of the AWS SDK and a clock that stands still until it is set. */
export async function startControl({ quotas }: { quotas?: 'aws' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'iot-control-'))
  const time = { now: new Date() }
  const clock = () => time.now
  const registry = createRegistry({ folder, accountId, region, clock })
  const asked: AskedPermission[] = []
  const authorizer: Authorizer = { require: (...permission) => void asked.push(permission) }
  const control = createIotControl({
    registry,
    accountId,
    clock,
    endpoints: () => ({ data: 'data.localhost:8883', credentials: 'credentials.localhost:8443' }),
    rules: ruleSyntax,
    quotas,
  })
  const gateway = createGateway({
    services: { iot: control.service },
    credentials: { find: () => ({ secretAccessKey, caller }) },
    authorizer,
    region,
    clock: () => new Date(),
  })
  const port = await gateway.listen(0)
  const client = new IoTClient({
    endpoint: `http://127.0.0.1:${port}`,
    region,
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey },
    maxAttempts: 1,
  })

  return {
    client,
    registry,
    operations: control.operations,
    port,
    asked,
    time,
    folder,
    async close() {
      client.destroy()
      await gateway.close()
      registry.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export type Control = Awaited<ReturnType<typeof startControl>>
