import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Upload } from '#contract/api.ts'
import { createDevice, type Device, systemRuntime } from '#device/index.ts'
import { createOperator, type Operator } from '#operator/index.ts'
import { compileCache } from '../start/run-program.ts'
import { localLibrary } from './bundle.ts'
import type { CloudReady } from './cloud-process.ts'
import { eventually } from './eventually.ts'

const kills = 10
/** The moments are drawn from this; give it again to kill at the same ones. */
const seed = Number(process.env.THINGDROP_SEED ?? Date.now() % 1_000_000)

let stateDir: string
let cloud: ChildProcess
let ready: CloudReady
let device: Device
let operator: Operator
/** What all of the processes said, to show when something is amiss. */
const said: string[] = []

async function startProcess(): Promise<void> {
  cloud = spawn(process.execPath, [join(import.meta.dirname, 'cloud-process.ts'), stateDir, localLibrary], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  })
  cloud.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  if (!cloud.stdout) throw new Error('the cloud has no output')
  for await (const line of createInterface({ input: cloud.stdout })) {
    ready = JSON.parse(line) as CloudReady
    return
  }
  throw new Error(`the cloud did not start:\n${said.join('')}`)
}

async function kill(): Promise<void> {
  const closed = once(cloud, 'close')
  cloud.kill('SIGKILL')
  await closed
}

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'thingdrop-kill-'))
  await startProcess()
  operator = createOperator({
    apiUrl: ready.outputs.ApiUrl ?? '',
    region: ready.region,
    credentials: ready.client.credentials,
  })
  // The cloud is back in a moment, each time: no wait of the backoff needs to be longer than that.
  const runtime = { ...systemRuntime, wait: (ms: number) => wait(Math.min(ms, 500)) }
  device = createDevice({ dir: join(stateDir, 'devices', 'press-1'), concurrency: 4, runtime })
  const { claimUrl } = await operator.claims.create({ thingName: 'press-1' })
  await device.enroll({ claimUrl, caFile: ready.caFile })
  await (await device.connect({ baseMs: 200 })).disconnect()
}, 60_000)

afterAll(async () => {
  device?.close()
  if (cloud && cloud.exitCode === null) await kill()
  await rm(stateDir, { recursive: true })
})

test(`killed at ${kills} random moments of an upload run (seed ${seed}): each object that S3 acknowledged has exactly one row`, async () => {
  const random = createRandom(seed)
  const acknowledged: string[] = []
  let isRunning = true

  async function uploadOn(lane: number): Promise<void> {
    await mkdir(join(stateDir, 'files'), { recursive: true })
    for (let number = 0; isRunning; number++) {
      const file = join(stateDir, 'files', `${lane}-${number}.csv`)
      await writeFile(file, `${lane},${number}\n`.repeat(1 + Math.floor(random() * 500)))
      const { key } = await device.upload(file, { baseMs: 100, timeoutMs: 180_000 })
      acknowledged.push(key)
    }
  }

  async function killAgainAndAgain(): Promise<void> {
    for (let killed = 0; killed < kills; killed++) {
      const before = acknowledged.length
      await wait(random() * 700)
      // A moment of an upload run is one when uploads go through.
      await eventually('an upload goes through', async () => acknowledged.length > before, 60_000)
      await kill()
      await startProcess()
    }
  }

  const killing = killAgainAndAgain().finally(() => {
    isRunning = false
  })
  const ended = await Promise.allSettled([killing, ...[0, 1, 2, 3].map(uploadOn)])
  const failures = ended.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  expect(failures, said.join('')).toEqual([])

  const rows = await eventually(
    `a row for each of ${acknowledged.length} objects`,
    async () => {
      const found = await listAll()
      const keys = new Set(found.map(({ key }) => key))
      return acknowledged.every((key) => keys.has(key)) && found
    },
    60_000,
  )
  const rowsOf = new Map<string, number>()
  for (const { key } of rows) rowsOf.set(key, (rowsOf.get(key) ?? 0) + 1)
  expect(acknowledged.length).toBeGreaterThan(kills)
  expect(acknowledged.filter((key) => rowsOf.get(key) !== 1)).toEqual([])
}, 240_000)

async function listAll(): Promise<Upload[]> {
  const found: Upload[] = []
  for await (const page of operator.uploads.pages({ thing: 'press-1' }, { limit: 1_000_000 }))
    found.push(...page.uploads)
  return found
}

/** mulberry32: a small generator that the seed repeats. */
function createRandom(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
