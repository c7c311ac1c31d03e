import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { createMeter } from './harness/meter.ts'
import { printTable } from './harness/print-table.ts'
import { startCloud } from './harness/start-cloud.ts'
import { startProgram } from './harness/start-program.ts'
import { takeTurns } from './harness/take-turns.ts'
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

let turn = 0

async function putAll(port: number) {
  const target = { port, region, credentials }
  const job: PutMany = { target, bucket: 'bench', prefix: `turn-${turn++}`, count, connections: 8, bytes: 4096 }
  const { seconds } = await client.ask<{ seconds: number }>(job)
  return { count, seconds }
}

const cloudPort = Number(new URL(endpoint).port)
const ours = createMeter(cloud.pid, () => putAll(cloudPort))
const floor = createMeter(sink.pid, () => putAll(sink.ready.port))
const { median, ratio } = await takeTurns({ ours: ours.turn, sink: floor.turn }, 9)
await Promise.all([cloud.stop(), sink.stop(), client.stop()])

const share = ratio('ours', 'sink')
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
    ours: `${ours.microseconds().toFixed(0)} µs`,
    peer: `${floor.microseconds().toFixed(0)} µs (sink)`,
    ratio: floor.microseconds() / ours.microseconds(),
  },
])
