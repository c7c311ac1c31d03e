import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateThingCommand, IoTClient, ListThingsCommand, ListThingTypesCommand } from '@aws-sdk/client-iot'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../start/run-program.ts'
import { startLocal } from '../start/start-local.ts'
import { startLocalProcess } from './local-process.ts'

const timeout = 120_000

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-local-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

test('thingdrop local hands its environment to shells and to nobody else, and goes on where it was', {
  timeout,
}, async () => {
  const stateDir = await makeFolder()
  const args = ['--empty', '--account', '123456789012', '--region', 'eu-north-1']
  const first = await startLocalProcess(stateDir, args)
  onTestFinished(async () => void (await first.stop()))
  const { AWS_SECRET_ACCESS_KEY: secret = '' } = first.environment
  expect(secret).toMatch(/^[\w+/]{40}$/)
  expect(first.announced).not.toContain(secret)
  expect(first.announced).toContain(first.environment.AWS_ENDPOINT_URL)
  expect((await stat(first.environmentFile)).mode & 0o777).toBe(0o600)

  const printed = await runProgram('thingdrop', ['local', 'env', '--state', stateDir], { environment: {} })
  const shell = `export AWS_SESSION_TOKEN=stale AWS_PROFILE=none\neval "$1"\nprintf '%s\\n' "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN$AWS_PROFILE"`
  const { stdout } = await promisify(execFile)('sh', ['-c', shell, 'sh', printed])
  expect(stdout).toBe(`${secret}\n\n`)

  const iot = new IoTClient({ ...first.client, maxAttempts: 1 })
  const { thingArn } = await iot.send(new CreateThingCommand({ thingName: 'kept' }))
  expect(thingArn).toBe('arn:aws:iot:eu-north-1:123456789012:thing/kept')
  const second = startLocalProcess(stateDir, ['--empty'])
  await expect(second).rejects.toThrow(/ended with 255:\nLOCAL_CLOUD_FAILED: .* is in use by the embedded cloud of/)

  expect(await first.stop()).toBe(0)
  expect(existsSync(first.environmentFile)).toBe(false)
  await expect(runProgram('thingdrop', ['local', 'env', '--state', stateDir], { environment: {} })).rejects.toThrow(
    /LOCAL_CLOUD_ABSENT: .*\n {2}hint: start one/,
  )

  const again = await startLocalProcess(stateDir, ['--empty', '--verbose', '--quotas', 'aws'])
  onTestFinished(async () => void (await again.stop()))
  expect(again.environment).toEqual(first.environment)
  const { things } = await iot.send(new ListThingsCommand())
  expect(things).toMatchObject([{ thingName: 'kept', thingArn }])
  const burst = Array.from({ length: 30 }, () => iot.send(new ListThingTypesCommand()))
  const failures = (await Promise.allSettled(burst)).filter(({ status }) => status === 'rejected')
  expect(failures).toContainEqual(
    expect.objectContaining({ reason: expect.objectContaining({ name: 'ThrottlingException' }) }),
  )
})

test('options that cannot be are refused by name', { timeout }, async () => {
  const wrong = [
    [['--account', '1234'], '--account'],
    [['--region', 'Oslo'], '--region'],
    [['--port', '65533'], '--port'],
    [['--quotas', 'none'], '--quotas'],
  ] as const
  for (const [args, named] of wrong) {
    const refused = runProgram('thingdrop', ['local', '--empty', ...args], { environment: {} })
    await expect(refused).rejects.toThrow(new RegExp(`ended with 252:\nerror: option '${named} `))
  }
})

test('startLocal gives a test a cloud of its own, whole, and leaves nothing', { timeout }, async () => {
  const local = await startLocal({ accountId: '123456789012', log: () => {} })
  onTestFinished(() => local.close())
  expect(local.outputs).toMatchObject({ ApiUrl: local.endpoints.api, RoleAlias: 'Thingdrop-uploads' })
  const { Arn } = await new STSClient(local.client).send(new GetCallerIdentityCommand())
  expect(Arn).toBe('arn:aws:iam::123456789012:user/operator')
  expect(await runProgram('thingdrop', ['things', 'list', '--output', 'json'], local)).toBe('{"things":[]}\n')
  await Promise.all([local.close(), local.close()])
  expect(existsSync(local.stateDir)).toBe(false)
})

test('startLocal keeps a folder that was given, and two clouds stand side by side', { timeout }, async () => {
  const stateDir = await makeFolder()
  const [kept, other] = await Promise.all([startLocal({ empty: true, stateDir }), startLocal({ empty: true })])
  onTestFinished(async () => void (await Promise.all([kept.close(), other.close()])))
  expect(kept.outputs).toEqual({})
  await new IoTClient(kept.client).send(new CreateThingCommand({ thingName: 'kept' }))
  expect((await new IoTClient(other.client).send(new ListThingsCommand())).things).toEqual([])
  await kept.close()
  const again = await startLocal({ empty: true, stateDir })
  onTestFinished(() => again.close())
  expect((await new IoTClient(again.client).send(new ListThingsCommand())).things).toHaveLength(1)
})
