import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { runCommand, startCli, startCliApi } from '../test-cli.ts'

const upload = {
  thingName: 'press-1',
  event: 'created',
  key: 'things/press-1/2026-03-01/0123456789abcdef-\u001b[2Jload.csv',
  sizeBytes: 1536,
  eventTime: '2026-03-01T08:00:00.000Z',
  loggedAt: '2026-03-01T08:00:01.000Z',
  sequencer: '00A1',
}

test('uploads as a table by default, without what could drive the terminal', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { uploads: [upload] } }))
  const { stdout, stderr, code } = await runCommand(
    ['uploads', 'list', '--thing', 'press-1', '--since', '2026-03-01', '--until', '2026-03-02T01:00+01:00'],
    env,
  )
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['TIME', 'THING', 'EVENT', 'SIZE', 'KEY'],
    ['2026-03-01T08:00:00Z', 'press-1', 'created', '1.5 KiB', 'things/press-1/2026-03-01/0123456789abcdef-load.csv'],
    [''],
  ])
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  expect(requests[0]?.query.get('from')).toBe('2026-03-01T00:00:00.000Z')
  expect(requests[0]?.query.get('to')).toBe('2026-03-02T00:00:00.000Z')
})

test('--since counts from now', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { uploads: [] } }))
  const before = Date.now()
  expect((await runCommand(['uploads', 'list', '--since', '2h'], env)).stderr).toBe('no uploads\n')
  const from = Date.parse(requests[0]?.query.get('from') ?? '')
  expect(from).toBeGreaterThanOrEqual(before - 7_200_000)
  expect(from).toBeLessThanOrEqual(Date.now() - 7_200_000)
})

test('a list that stops early says so and can go on', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { uploads: [upload], cursor: 'next' } }))
  const { stdout, stderr } = await runCommand(
    ['uploads', 'list', '--limit', '1', '--cursor', 'this', '--output', 'json'],
    env,
  )
  expect(JSON.parse(stdout)).toEqual({ uploads: [upload], cursor: 'next' })
  expect(stderr).toContain('more may follow')
  expect(requests[0]?.query.get('cursor')).toBe('this')
})

test('things in CSV', async () => {
  const thing = {
    thingName: 'press-1',
    state: 'quarantined',
    reason: '=1+1',
    attributes: { site: 'oslo' },
    changedAt: upload.eventTime,
  }
  const { env } = await startCliApi(() => ({ status: 200, body: { things: [thing] } }))
  expect((await runCommand(['things', 'list', '--output', 'csv'], env)).stdout).toBe(
    'thingName,state,certificateId,reason,attributes,changedAt,thingTypeName,lastUploadAt\r\n' +
      `press-1,quarantined,,"'=1+1","{""site"":""oslo""}",${upload.eventTime},,\r\n`,
  )
})

test('a reader that goes away ends an endless list quietly', async () => {
  let page = 0
  const rows = Array.from({ length: 1000 }, () => upload)
  const { env } = await startCliApi(() => ({ status: 200, body: { uploads: rows, cursor: String(page++) } }))
  const child = await startCli(['uploads', 'list', '--all', '--output', 'jsonl'], env)
  const stderr = text(child.stderr)
  child.stdout.once('data', () => child.stdout.destroy())
  expect(await once(child, 'close')).toEqual([0, null])
  expect(await stderr).toBe('')
})
