import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { printTable } from './harness/print-table.ts'
import { peakMemoryBytes } from './harness/process-figures.ts'
import { startCloud } from './harness/start-cloud.ts'
import { startProgram } from './harness/start-program.ts'
import { takeTurns } from './harness/take-turns.ts'
import type { PutLarge } from './programs/put-large.ts'

const mebibyte = 1024 ** 2
const bytes = 1024 * mebibyte
const maxMemoryBytes = 200 * mebibyte
const minShare = 0.35

const [cloud, sink, client] = await Promise.all([
  startCloud(),
  startProgram<{ port: number }>('sink'),
  startProgram('put-large'),
])
const { region, credentials, endpoint } = cloud.client
await new S3Client({ ...cloud.client, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: 'bench' }))

async function mebibytesPerSecond(port: number, isPayloadSigned: boolean): Promise<number> {
  const target = { port, region, credentials }
  // The same key each time: the disk holds one object of them all.
  const job: PutLarge = { target, path: '/bench/large', bytes, isPayloadSigned }
  const { seconds } = await client.ask<{ seconds: number }>(job)
  return bytes / mebibyte / seconds
}

const cloudPort = Number(new URL(endpoint).port)
const { median, ratio } = await takeTurns(
  {
    unsigned: () => mebibytesPerSecond(cloudPort, false),
    sink: () => mebibytesPerSecond(sink.ready.port, false),
    signed: () => mebibytesPerSecond(cloudPort, true),
  },
  3,
)
const memory = peakMemoryBytes(cloud.pid)
await Promise.all([cloud.stop(), sink.stop(), client.stop()])

function rowOf(name: 'unsigned' | 'signed', what: string) {
  const share = ratio(name, 'sink')
  return {
    what,
    ours: `${median[name].toFixed(0)} MiB/s`,
    peer: `${median.sink.toFixed(0)} MiB/s (sink)`,
    ratio: share,
    goal: { text: `≥ ${minShare}`, isMet: share >= minShare },
  }
}

printTable('S3: one put of 1 GiB', [
  rowOf('unsigned', 'UNSIGNED-PAYLOAD'),
  rowOf('signed', 'payload signed by its SHA-256'),
  {
    what: 'peak memory of the cloud',
    ours: memory === undefined ? 'unknown without /proc' : `${(memory / mebibyte).toFixed(0)} MiB`,
    goal: { text: '≤ 200 MiB', isMet: memory !== undefined && memory <= maxMemoryBytes },
  },
])
