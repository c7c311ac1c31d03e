import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { printTable } from './harness/print-table.ts'
import { processorSeconds } from './harness/process-figures.ts'
import { startCloud } from './harness/start-cloud.ts'
import { startProgram } from './harness/start-program.ts'
import { median as medianOf, takeTurns } from './harness/take-turns.ts'
import type { PutMany } from './programs/put-many.ts'

const minShare = 0.3
const count = 2000

const [cloud, sink, client] = await Promise.all([
  startCloud(),
  startProgram<{ port: number }>('sink'),
  startProgram('put-many'),
])
const { region, credentials, endpoint } = cloud.client
await new S3Client({ ...cloud.client, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: 'bench' }))

const contenders = {
  ours: { pid: cloud.pid, port: Number(new URL(endpoint).port), microseconds: [] as number[] },
  sink: { pid: sink.pid, port: sink.ready.port, microseconds: [] as number[] },
}
let turn = 0

async function putsPerSecond({ pid, port, microseconds }: (typeof contenders)['ours']): Promise<number> {
  const target = { port, region, credentials }
  const job: PutMany = { target, bucket: 'bench', prefix: `turn-${turn++}`, count, connections: 8, bytes: 4096 }
  const before = processorSeconds(pid)
  const { seconds } = await client.ask<{ seconds: number }>(job)
  microseconds.push(((processorSeconds(pid) - before) / count) * 1e6)
  return count / seconds
}

const { median, ratio } = await takeTurns(
  { ours: () => putsPerSecond(contenders.ours), sink: () => putsPerSecond(contenders.sink) },
  7,
)
await Promise.all([cloud.stop(), sink.stop(), client.stop()])

const share = ratio('ours', 'sink')
const processorTime = (name: keyof typeof contenders) => medianOf(contenders[name].microseconds.slice(1))
printTable('S3: 4 KiB puts, 8 at once, kept connections, signed', [
  {
    what: 'puts with signature, payload hash and index',
    ours: `${median.ours.toFixed(0)}/s`,
    peer: `${median.sink.toFixed(0)}/s (sink)`,
    ratio: share,
    goal: { text: `≥ ${minShare}`, isMet: share >= minShare },
  },
  {
    what: "processor time of the server's process, a put",
    ours: `${processorTime('ours').toFixed(0)} µs`,
    peer: `${processorTime('sink').toFixed(0)} µs (sink)`,
    ratio: processorTime('sink') / processorTime('ours'),
  },
])
