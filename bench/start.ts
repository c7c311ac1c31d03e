import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { synthesize } from '../start/synthesize.ts'
import { printTable } from './harness/print-table.ts'
import { startCloud } from './harness/start-cloud.ts'
import { takeTurns } from './harness/take-turns.ts'

const run = promisify(execFile)
const goalSeconds = 4
const root = join(import.meta.dirname, '..')

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const begin = performance.now()
  await work()
  return (performance.now() - begin) / 1000
}

/** From the start of the process to the moment when it takes requests, on an empty folder. */
async function start(assembly?: string): Promise<number> {
  const begin = performance.now()
  const cloud = await startCloud(assembly)
  const seconds = (performance.now() - begin) / 1000
  await cloud.stop()
  return seconds
}

async function synthesizeAnew(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-bench-'))
  await run(process.execPath, ['infra/app.ts'], { cwd: root, env: { ...process.env, CDK_OUTDIR: folder } })
  await rm(folder, { recursive: true })
}

const assembly = await synthesize()
const { median } = await takeTurns(
  {
    deployed: () => start(assembly),
    empty: () => start(),
    node: () => secondsOf(async () => void (await run(process.execPath, ['--eval', '0']))),
  },
  3,
)
const synthesis = await secondsOf(synthesizeAnew)
const floor = `${median.node.toFixed(2)} s (node --eval 0)`
printTable('Start: a process of its own, on an empty folder', [
  {
    what: 'to ready, with the stack deployed from a cached synthesis',
    ours: `${median.deployed.toFixed(2)} s`,
    peer: floor,
    goal: { text: `< ${goalSeconds} s`, isMet: median.deployed < goalSeconds },
  },
  { what: 'to ready, with no stack', ours: `${median.empty.toFixed(2)} s`, peer: floor },
  { what: 'the synthesis itself', ours: `${synthesis.toFixed(2)} s` },
])
