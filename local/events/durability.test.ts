import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { Call } from '#local/service.ts'
import { createEvents } from './create-events.ts'

const call = { caller: { context: {} }, authorize() {} } as unknown as Call

test('what was acknowledged reaches its target after kill -9', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'events-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const options = { folder, accountId: '000000000000', region: 'us-east-1' }
  const script = `
    import { createEvents } from ${JSON.stringify(join(import.meta.dirname, 'create-events.ts'))}
    const events = createEvents({
      ...${JSON.stringify(options)},
      clock: () => new Date(), log: console.error, authorizer: { require() {} }, sqs: {},
      lambda: { Invoke: () => new Promise(() => {}) },
    })
    const { operations } = events
    const call = { caller: { context: {} }, authorize() {} }
    operations.PutRule({ Name: 'all', EventPattern: '{"source":["fleet"]}' }, call)
    const Arn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
    operations.PutTargets({ Rule: 'all', Targets: [{ Id: '1', Arn }] }, call)
    for (;;) {
      const entry = { Source: 'fleet', DetailType: 't', Detail: '{}' }
      for (const { EventId } of operations.PutEvents({ Entries: [entry, entry] }, call).Entries) console.log(EventId)
      await new Promise(setImmediate)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    if (acknowledged.push(line) === 50) child.kill('SIGKILL')
  })
  await once(lines, 'close')

  const delivered = new Set<string>()
  const open = () => {
    const events = createEvents({
      ...options,
      clock: () => new Date(),
      log: () => {},
      authorizer: { require() {} },
      sqs: {},
      lambda: { Invoke: ({ Payload }) => void delivered.add(JSON.parse(String(Payload)).id) },
    })
    events.start()
    return events
  }
  const events = open()
  await expect.poll(() => acknowledged.filter((id) => !delivered.has(id))).toEqual([])
  expect(acknowledged.length).toBeGreaterThanOrEqual(50)
  await events.close()

  // What was delivered is not delivered again.
  delivered.clear()
  const again = open()
  expect(again.operations.DescribeRule?.({ Name: 'all' }, call)).toMatchObject({ State: 'ENABLED' })
  await again.close()
  expect([...delivered]).toEqual([])
})
