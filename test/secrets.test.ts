import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseClaim, parseClaimUrl } from '#contract/claim.ts'
import type { CreateUploadResponse } from '#contract/uploads-api.ts'
import { functions } from '../infra/functions.ts'
import { compileCache, programs } from '../start/run-program.ts'
import { eventually } from './eventually.ts'
import { invokeSweep } from './invoke-sweep.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { callUploadApi, describeFile } from './upload-urls-fixture.ts'

let cloud: TestCloud
let folder: string
beforeAll(async () => {
  cloud = await startTestCloud()
  folder = join(cloud.stateDir, 'work')
  await mkdir(folder)
})
afterAll(() => cloud?.close())

const printed: string[] = []

interface Run {
  readonly code?: number
  readonly env?: Record<string, string>
  /** What it prints is what was asked for, and secret. */
  readonly isSecret?: boolean
}

async function run(program: keyof typeof programs, args: string[], { code = 0, env = {}, isSecret = false }: Run = {}) {
  const child = spawn(process.execPath, [programs[program], ...args], {
    cwd: folder,
    env: {
      HOME: folder,
      NODE_COMPILE_CACHE: compileCache,
      THINGDROP_RETRY_BASE_MS: '200',
      ...cloud.environment,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  expect(exit, `${program} ${args[0]} ${args[1]}: ${stderr}`).toBe(code)
  printed.push(stderr)
  if (!isSecret) printed.push(stdout)
  return stdout
}

/** What identifies a key: the lines of its PEM that no other key has. */
function canariesOfPem(pem: string): string[] {
  return pem.split('\n').filter((line) => line.length > 40 && !line.startsWith('-----'))
}

async function readAll(pattern: string, cwd: string): Promise<string[]> {
  const contents: string[] = []
  for await (const name of glob(pattern, { cwd })) contents.push(await readFile(join(cwd, name), 'utf8'))
  return contents
}

/** A URL that press-1 may send a file to. */
async function createUploadUrl({ AccessKeyId, SecretAccessKey, SessionToken }: Record<string, string>): Promise<URL> {
  const credentials = {
    accessKeyId: `${AccessKeyId}`,
    secretAccessKey: `${SecretAccessKey}`,
    sessionToken: `${SessionToken}`,
  }
  const call = { thing: 'press-1', body: describeFile('c.csv', 'c') }
  const { body } = await callUploadApi<CreateUploadResponse>(cloud, credentials, 'createUpload', call)
  return new URL(body.put?.url ?? '')
}

test('no private key, claim or session token is in anything that was printed or logged', async () => {
  const ca = ['--ca-file', cloud.cloud.caFile]
  await run('thingdrop', ['claims', 'create', '--thing', 'press-1', '--out', 'press-1.claim'])
  await run('thingdrop', ['claims', 'create', '--thing', 'meter-#', '--count', '2', '--out', 'meters.csv'])
  const claimUrls = [await readFile(join(folder, 'press-1.claim'), 'utf8')]
  for (const line of (await readFile(join(folder, 'meters.csv'), 'utf8')).split('\r\n').slice(1)) {
    if (line !== '') claimUrls.push(line.split(',').at(-1) ?? '')
  }

  const device = (...args: string[]) => [...args, '--dir', 'press-1']
  // A claim that is wrong in its last digit, then the right one: refusals are told too.
  const claim = claimUrls[0]?.trim() ?? ''
  const wrong = claim.slice(0, -1) + (claim.endsWith('0') ? '1' : '0')
  await writeFile(join(folder, 'wrong.claim'), wrong, { mode: 0o600 })
  await run('thingdrop-device', device('enroll', '--claim-file', 'wrong.claim', ...ca), { code: 1 })
  await run('thingdrop-device', device('enroll', '--claim-file', 'press-1.claim', ...ca))
  await run('thingdrop-device', device('connect'))
  for (const name of ['a.csv', 'b.csv']) await writeFile(join(folder, name), name)
  await run('thingdrop-device', device('upload', 'a.csv'))
  const credentials = [JSON.parse(await run('thingdrop-device', device('credentials'), { isSecret: true }))]
  const urls = [await createUploadUrl(credentials[0])]
  const keysBefore = await readAll('**/*.key', folder)
  await run('thingdrop-device', device('renew', '--force'))
  credentials.push(JSON.parse(await run('thingdrop-device', device('credentials'), { isSecret: true })))

  await writeFile(join(folder, 'devices.csv'), 'thing\npress-2\n')
  await run('thingdrop', ['certificates', 'issue', '--from', 'devices.csv', '--out', 'devices', ...ca])
  await run('thingdrop', ['claims', 'list', '--output', 'json'])
  await run('thingdrop', ['certificates', 'list', '--output', 'json'])
  await run('thingdrop', ['ca', 'rotate'])
  await run('thingdrop', ['explain', 'press-1', '--output', 'json'])
  await run('thingdrop', ['things', 'revoke', 'press-1', '--yes'])
  await run('thingdrop-device', device('upload', 'b.csv', '--timeout', '1'), { code: 1 })

  await invokeSweep(cloud)
  await invokeSweep(cloud, 'uploads')

  const names = Object.keys(functions).map((name) => name.replaceAll('-', ''))
  const logs = await eventually('a log of each function', async () => {
    const files = await readdir(cloud.cloud.logFolder)
    const isThere = names.every((name) => files.some((file) => file.includes(name)))
    return isThere && readAll('*', cloud.cloud.logFolder)
  })
  const everything = [...printed, ...cloud.logged, ...logs].join('\n')
  // What is searched is there: the functions' lines, the devices' and the operators'.
  for (const trace of ['"registration"', 'request refused', 'enrolled as press-1', 'renewed as press-1', '"sweep"']) {
    expect(everything).toContain(trace)
  }

  const keys = [...keysBefore, ...(await readAll('**/*.key', folder))]
  const canaries = [
    ...keys.flatMap(canariesOfPem),
    ...claimUrls.map((url) => parseClaim(parseClaimUrl(url).claim).secret),
    ...credentials.flatMap(({ SecretAccessKey, SessionToken }) => [SecretAccessKey, SessionToken]),
    ...urls.flatMap((url) => [url.searchParams.get('X-Amz-Signature'), url.searchParams.get('X-Amz-Security-Token')]),
    cloud.cloud.operatorCredentials.secretAccessKey,
  ]
  expect(canaries.length).toBeGreaterThan(10)
  for (const [index, canary] of canaries.entries()) {
    expect(everything.includes(canary), `secret number ${index} was printed`).toBe(false)
  }
})
