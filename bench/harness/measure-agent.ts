import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from './print-table.ts'
import { runClient } from './run-client.ts'
import { startAgent } from './start-agent.ts'
import { takeTurns } from './take-turns.ts'
import type { Over, UploadStage } from './upload-stage.ts'
import { foundTools, uploadWith } from './upload-tools.ts'

const maxRatio = 0.25
const bytes = 4096

/** From a file that is there whole until S3 has acknowledged it, with the agent running, beside one signed curl. */
export async function measureAgent(stage: UploadStage, over: Over, rounds = 30): Promise<Row[]> {
  const what = 'file closed → acknowledged, agent running'
  const target = await stage.target(over)
  const [watched, outside] = ['watched', 'outside'].map((name) => join(stage.workshop, name)) as [string, string]
  for (const folder of [watched, outside]) mkdirSync(folder)
  const agent = await startAgent(stage.device(target)(['run', watched, '--no-mqtt', '--settle', '0']))
  let count = 0
  const write = (name: string) => writeFileSync(join(outside, name), Buffer.alloc(bytes, name))

  async function ours(): Promise<number> {
    const name = `a${count++}.csv`
    write(name)
    const startedMs = performance.now()
    renameSync(join(outside, name), join(watched, name))
    await agent.sent(name)
    return (performance.now() - startedMs) / 1000
  }

  async function curl(): Promise<number> {
    // Two names, as one alone goes unsigned; the second is as small as can be.
    const names = [`c${count++}.csv`, `d${count++}.csv`]
    for (const name of names) write(name)
    const job = { target, folder: outside, names, prefix: `agent-${count}`, workshop: stage.workshop }
    return (await runClient(uploadWith('curl', job))).seconds
  }

  try {
    const hasCurl = foundTools.has('curl')
    const { median, ratio } = await takeTurns({ ours, curl: hasCurl ? curl : async () => Number.NaN }, rounds)
    const format = (seconds: number) => `${(seconds * 1000).toFixed(1)} ms`
    if (!hasCurl) return [{ what, ours: format(median.ours), peer: 'curl was not found' }]
    const quotient = ratio('ours', 'curl')
    const goal = { text: `≤ ${maxRatio}`, isMet: quotient <= maxRatio }
    const peer = `${format(median.curl)} (two files with one signed curl)`
    return [{ what, ours: format(median.ours), peer, ratio: quotient, goal }]
  } finally {
    await agent.stop()
    await stage.tally(true)
    for (const folder of [watched, outside]) rmSync(folder, { recursive: true })
  }
}
