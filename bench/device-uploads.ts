import { parseArgs } from 'node:util'
import { measureAgent } from './harness/measure-agent.ts'
import { measureCredentials } from './harness/measure-credentials.ts'
import { measureMemory } from './harness/measure-memory.ts'
import { measureStart } from './harness/measure-start.ts'
import { measureUploads, type UploadWork } from './harness/measure-uploads.ts'
import { printTable, type Row } from './harness/print-table.ts'
import { type Over, startUploadStage, type UploadStage } from './harness/upload-stage.ts'
import { foundTools, toolNames } from './harness/upload-tools.ts'

const { values } = parseArgs({
  options: {
    /** Names of rows; all without it. */
    only: { type: 'string', multiple: true },
    /** Of each contender; the first, in which everything warms up, counts for nothing. */
    rounds: { type: 'string' },
    over: { type: 'string', multiple: true, default: ['https', 'http'] },
    /** To the embedded S3 in place of the sink. */
    cloud: { type: 'boolean', default: false },
  },
})

const kibibyte = 1024
const mebibyte = 1024 ** 2

const small: UploadWork = {
  ...{ what: '2,000 × 4 KiB', count: 2000, bytes: 4 * kibibyte, peers: ['rclone', 'aws', 's3cmd', 'curl'] },
  goals: { rclone: 1.8, aws: 8 },
}
const works: Readonly<Record<string, UploadWork>> = {
  small,
  many: {
    what: '20,000 × 4 KiB',
    count: 20_000,
    bytes: 4 * kibibyte,
    peers: ['rclone'],
    goals: { rclone: 2.5 },
  },
  far: {
    ...{ what: '2,000 × 4 KiB at 30 ms delay', count: 2000, bytes: 4 * kibibyte, delayMs: 30 },
    ...{ peers: ['rclone', 'aws'], args: ['--transfers', '64'], goals: { rclone: 2.8 } },
  },
  medium: {
    ...{ what: '200 × 1 MiB', count: 200, bytes: mebibyte, peers: ['rclone', 'aws', 's3cmd', 'curl'] },
    goals: { rclone: 1.6 },
  },
  large: {
    ...{ what: '1 × 1 GiB', count: 1, bytes: 1024 * mebibyte, peers: ['curl', 'aws', 'rclone', 's3cmd'] },
    ...{ goals: { aws: 2, curl: 0.85 }, maxPeakBytes: 80e6 },
  },
  seen: {
    what: 'nothing new among 2,000',
    count: 2000,
    bytes: 4 * kibibyte,
    isSeen: true,
    peers: ['rclone', 'aws', 's3cmd'],
    maxSeconds: 0.2,
    goals: {},
  },
}

type Measure = (stage: UploadStage, over: Over, rounds: number | undefined) => Promise<Row[]>

/** What is measured, by the name that --only takes. */
const rows: Readonly<Record<string, Measure>> = {
  ...Object.fromEntries(
    Object.entries(works).map(([name, work]) => [
      name,
      (stage, over, rounds) => measureUploads(stage, work, over, rounds),
    ]),
  ),
  agent: measureAgent,
  start: measureStart,
  memory: (stage, over) => measureMemory(stage, small, over),
  credentials: measureCredentials,
}
/** The line is encrypted in them, or plays no part. */
const onlyOverTls = new Set(['agent', 'start', 'memory', 'credentials', 'far', 'seen'])

const missing = toolNames.filter((name) => !foundTools.has(name))
if (missing.length > 0) process.stdout.write(`not found, so not measured: ${missing.join(', ')}\n`)
const rounds = values.rounds === undefined ? undefined : Number(values.rounds)

async function measureAll(over: Over): Promise<void> {
  const places = values.cloud ? 'to the embedded S3' : 'to a sink'
  const known = Object.keys(rows)
  const stage = await startUploadStage(values.cloud)
  try {
    for (const name of values.only ?? known) {
      const measure = rows[name]
      if (measure === undefined) throw new Error(`there is no row ${name}: ${known.join(', ')}`)
      if ((over === 'http' || values.cloud) && onlyOverTls.has(name)) continue
      printTable(`The device's uploads, over ${over}, ${places}: ${name}`, await measure(stage, over, rounds))
    }
  } finally {
    await stage.stop()
  }
}

for (const over of values.cloud ? (['http'] as const) : (values.over as Over[])) await measureAll(over)
