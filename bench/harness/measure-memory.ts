import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { UploadWork } from './measure-uploads.ts'
import type { Row } from './print-table.ts'
import { residentMemoryBytes } from './process-figures.ts'
import { type ClientCommand, runClient } from './run-client.ts'
import { createFiles, type Over, type UploadStage } from './upload-stage.ts'

const maxIdle = 1.4
const maxAfter = 1.9
/** Until what a start left behind is collected. */
const settleMs = 2000

/** Of a device that waits for who wants its credentials, and of one that sent files, beside a Node.js that does nothing. */
export async function measureMemory(
  stage: UploadStage,
  { count, bytes, what }: UploadWork,
  over: Over,
): Promise<Row[]> {
  const folder = join(stage.workshop, 'files')
  createFiles(folder, count, bytes)
  const device = stage.device(await stage.target(over))
  const empty = await idleBytes({ command: ['node', '--eval', "console.log('up'); setInterval(() => {}, 1e9)"] })
  const idle = await idleBytes(device(['serve-credentials']))
  const { peakBytes } = await runClient(device(['sync', folder]))
  await stage.tally(true)
  const row = (state: string, ours: number, maxRatio: number): Row => ({
    what: `resident memory, ${state}`,
    ours: `${(ours / 1e6).toFixed(0)} MB`,
    peer: `${(empty / 1e6).toFixed(0)} MB (node that does nothing)`,
    ratio: ours / empty,
    goal: { text: `≤ ${maxRatio}`, isMet: ours / empty <= maxRatio },
  })
  return [row('idle, serving credentials', idle, maxIdle), row(`the most while it sent ${what}`, peakBytes, maxAfter)]
}

async function idleBytes({ command, env }: ClientCommand): Promise<number> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  await once(child.stdout, 'data')
  await setTimeout(settleMs)
  const bytes = residentMemoryBytes(child.pid ?? 0) ?? Number.NaN
  child.kill()
  await once(child, 'exit')
  return bytes
}
