import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { synthesize } from '../start/synthesize.ts'
import { startLocalProcess } from '../test/local-process.ts'
import { printTable, type Row } from './harness/print-table.ts'
import { takeTurns } from './harness/take-turns.ts'

const run = promisify(execFile)
const goalSeconds = 4
const root = join(import.meta.dirname, '..')
const sources = [process.execPath, join(root, 'start/thingdrop.ts')]
const built = [process.execPath, join(root, 'dist/thingdrop.js')]

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return (performance.now() - begin) / 1000
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** From the start of `thingdrop local` on an empty folder to the moment when it says that it is up. */
function start(command: readonly string[], args: readonly string[] = []): Promise<number> {
  return inFolder(async (folder) => {
    const begin = performance.now()
    const local = await startLocalProcess(folder, args, command)
    const seconds = (performance.now() - begin) / 1000
    await local.stop()
    return seconds
  })
}

async function synthesizeAnew(): Promise<void> {
  await inFolder((folder) =>
    run(process.execPath, ['infra/app.ts'], { cwd: root, env: { ...process.env, CDK_OUTDIR: folder } }),
  )
}

await synthesize()
const isBuilt = existsSync(built[1] ?? '')
const { median } = await takeTurns(
  {
    sources: () => start(sources),
    empty: () => start(sources, ['--empty']),
    built: async () => (isBuilt ? start(built) : Number.NaN),
    node: () => secondsOf(() => run(process.execPath, ['--eval', '0'])),
  },
  3,
)
const synthesis = await secondsOf(synthesizeAnew)

const rowOf = (what: string, seconds: number): Row => ({
  what,
  ours: `${seconds.toFixed(2)} s`,
  peer: `${median.node.toFixed(2)} s (node --eval 0)`,
  goal: { text: `< ${goalSeconds} s`, isMet: seconds < goalSeconds },
})
const builtRow = isBuilt
  ? rowOf('as it is published (npm run build)', median.built)
  : { what: 'as it is published', ours: 'not built' }
printTable('thingdrop local: from the start of the process to ready, on an empty folder', [
  rowOf('from the sources, with a cached synthesis', median.sources),
  rowOf('from the sources, with no stack', median.empty),
  builtRow,
  { what: 'the synthesis itself', ours: `${synthesis.toFixed(2)} s` },
])
