import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { printTable } from './harness/print-table.ts'
import { processorSeconds, residentMemoryBytes } from './harness/process-figures.ts'
import { startAgent } from './harness/start-agent.ts'
import { createFiles, startUploadStage } from './harness/upload-stage.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } })
const minutes = Number(values.minutes)
const count = 2000
/** Until what the uploads left behind is collected. */
const settleMs = 60_000

/** How often a process gave the processor back, all its threads together: it had been woken as often. */
function wakeups(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1])
}

const look = (pid: number) => ({
  bytes: residentMemoryBytes(pid) ?? Number.NaN,
  seconds: processorSeconds(pid),
  wakeups: wakeups(pid),
  descriptors: readdirSync(`/proc/${pid}/fd`).length,
})

const stage = await startUploadStage()
try {
  const folder = join(stage.workshop, 'files')
  const names = createFiles(folder, count, 4096)
  const device = stage.device(await stage.target('https'))
  const agent = await startAgent(device(['run', folder, '--no-mqtt', '--settle', '0', '--credentials-port', '0']))
  await Promise.all(names.map((name) => agent.sent(name)))
  await setTimeout(settleMs)
  const first = look(agent.pid)
  await setTimeout(minutes * 60_000)
  const last = look(agent.pid)
  await agent.stop()
  const megabytes = ({ bytes }: typeof first) => `${(bytes / 1e6).toFixed(1)} MB`
  printTable(`An agent that watches ${count} sent files and serves credentials, left alone for ${minutes} minutes`, [
    { what: 'resident memory, first and last', ours: `${megabytes(first)}, ${megabytes(last)}` },
    { what: 'processor time', ours: `${((last.seconds - first.seconds) * 1000).toFixed(0)} ms` },
    { what: 'wakes of its main thread', ours: `${((last.wakeups - first.wakeups) / minutes).toFixed(1)} a minute` },
    { what: 'open descriptors, first and last', ours: `${first.descriptors}, ${last.descriptors}` },
  ])
} finally {
  await stage.stop()
}
