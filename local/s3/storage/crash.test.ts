import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, expect, test } from 'vitest'
import { queueArn, region, startS3 } from '../s3-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 's3-crash-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** S3 in a process of its own that can be killed; its queue is never there. */
async function startProcess(): Promise<{ child: ChildProcess; client: S3Client }> {
  const script = `
    import { startS3 } from ${JSON.stringify(join(import.meta.dirname, '../s3-fixture.ts'))}
    let isQueueThere = true
    const s3 = await startS3({ folder: ${JSON.stringify(folder)}, notify() { if (!isQueueThere) throw new Error('no queue') } })
    await new Promise((resolve) => process.stdout.write(JSON.stringify({ endpoint: s3.endpoint, credentials: s3.credentials }) + '\\n', resolve))
    process.once('SIGUSR2', () => { isQueueThere = false; process.stdout.write('queue gone\\n') })
  `
  const file = join(folder, 'process.ts')
  writeFileSync(file, script)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data')
  return { child, client: new S3Client({ ...JSON.parse(String(line)), region, forcePathStyle: true, maxAttempts: 1 }) }
}

test('what was acknowledged before a kill is there after it, each with its event', async () => {
  const { child, client } = await startProcess()
  const Bucket = 'killed'
  await client.send(new CreateBucketCommand({ Bucket }))
  const QueueConfigurations = [{ QueueArn: queueArn, Events: ['s3:ObjectCreated:*' as const] }]
  await client.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations } }),
  )
  child.kill('SIGUSR2')
  await once(child.stdout as NodeJS.ReadableStream, 'data')

  const acknowledged = new Map<string, number>()
  let started = 0
  const write = async () => {
    for (;;) {
      const Key = `k/${started++}`
      const size = started % 3 === 0 ? 300_000 : 500
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size, Key) }))
      acknowledged.set(Key, size)
      if (acknowledged.size === 40) child.kill('SIGKILL')
    }
  }
  await Promise.allSettled(Array.from({ length: 6 }, write))
  client.destroy()
  writeFileSync(join(folder, 's3/data/left-by-a-crash'), 'half of an upload')

  const after = await startS3({ folder })
  const { Contents = [] } = await after.client.send(new ListObjectsV2Command({ Bucket }))
  const sizes = new Map(Contents.map(({ Key = '', Size = 0 }) => [Key, Size]))
  for (const [key, size] of acknowledged) expect(sizes.get(key)).toBe(size)
  for (const [Key, size] of sizes) {
    const { Body } = await after.client.send(new GetObjectCommand({ Bucket, Key }))
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(Buffer.alloc(size, Key))).toBe(true)
  }
  const messages = await after.delivered(sizes.size)
  const told = messages.map(({ body }) => JSON.parse(body).Records[0].s3.object.key)
  expect(new Set(told)).toEqual(new Set(sizes.keys()))
  expect(told).toHaveLength(sizes.size)
  // All the small ones share a file.
  const largeObjects = [...sizes.values()].filter((size) => size > 64 * 1024).length
  expect(readdirSync(join(folder, 's3/data'))).toHaveLength(largeObjects + 1)
  await after.stop()
})
