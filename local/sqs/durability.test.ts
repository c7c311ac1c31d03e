import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import type { Call } from '#local/service.ts'
import { createSqs } from './create-sqs.ts'

const account = {
  accountId: '000000000000',
  region: 'us-east-1',
  endpoint: () => 'http://127.0.0.1:1',
  clock: () => new Date(),
}
const caller = {
  kind: 'root',
  arn: 'arn:aws:iam::000000000000:root',
  accountId: '000000000000',
  userId: '0',
  context: {},
} as const
const call: Call = { caller, requestId: '1', sourceIp: '127.0.0.1', authorize() {} }

test('what was acknowledged is there after kill -9', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqs-'))
  const script = `
    import { createSqs } from ${JSON.stringify(join(import.meta.dirname, 'create-sqs.ts'))}
    const sqs = createSqs({ folder: ${JSON.stringify(folder)}, accountId: '000000000000', region: 'us-east-1', endpoint: () => '', clock: () => new Date() })
    const call = { caller: ${JSON.stringify(caller)}, authorize() {} }
    sqs.operations.CreateQueue({ QueueName: 'q' }, call)
    for (let n = 0; ; n++) {
      console.log(sqs.operations.SendMessage({ QueueUrl: '/000000000000/q', MessageBody: String(n) }, call).MessageId)
      await new Promise(setImmediate)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (acknowledged.push(line) === 50) child.kill('SIGKILL')
  })
  await once(lines, 'close')

  const sqs = createSqs({ folder, ...account })
  const found = new Set<string>()
  while (true) {
    const { Messages = [] } = await sqs.operations.ReceiveMessage(
      { QueueUrl: '/000000000000/q', MaxNumberOfMessages: 10 },
      call,
    )
    if (Messages.length === 0) break
    for (const { MessageId } of Messages) found.add(MessageId)
  }
  sqs.close()
  rmSync(folder, { recursive: true })
  expect(acknowledged.length).toBeGreaterThanOrEqual(50)
  expect(acknowledged.filter((id) => !found.has(id))).toEqual([])
})

test('closing ends a long poll', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqs-'))
  const sqs = createSqs({ folder, ...account })
  sqs.operations.CreateQueue({ QueueName: 'q' }, call)
  const polling = sqs.operations.ReceiveMessage({ QueueUrl: '/000000000000/q', WaitTimeSeconds: 20 }, call)
  sqs.close()
  expect(await polling).toEqual({})
  rmSync(folder, { recursive: true })
})
