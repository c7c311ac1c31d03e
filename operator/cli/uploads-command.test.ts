import { expect, test } from 'vitest'
import { runCommand, startCliApi } from '../test-cli.ts'

const refused = {
  thingName: 'press-1',
  event: 'refused',
  key: 'things/press-1/2026-03-01/0123456789abcdef-load.csv',
  uploadId: '0123456789abcdef',
  sizeBytes: 1536,
  eventTime: '2026-03-01T08:00:00.000Z',
  loggedAt: '2026-03-01T08:00:00.000Z',
  expiresAt: '2026-03-01T08:15:00.000Z',
  reason: 'BadDigest',
}

test('uploads that did not come are listed by their state, with the reason', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { uploads: [refused] } }))
  const table = await runCommand(['uploads', 'list', '--state', 'refused'], env)
  expect(table.stdout.split('\n')[1]?.split(/ {2,}/)).toEqual([
    '2026-03-01T08:00:00Z',
    'press-1',
    'refused',
    '1.5 KiB',
    refused.key,
  ])
  expect(requests[0]?.query.get('state')).toBe('refused')
  const json = await runCommand(['uploads', 'list', '--state', 'refused', '--output', 'jsonl'], env)
  expect(JSON.parse(json.stdout)).toEqual(refused)
})

test.each([
  [['--state', 'arrived'], 'arrived'],
  [['--state', 'expired', '--thing', 'press-1'], 'thing'],
])('%j is wrong usage', async (options, named) => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { uploads: [] } }))
  const { stderr, code } = await runCommand(['uploads', 'list', ...options], env)
  expect({ code, requests }).toEqual({ code: 252, requests: [] })
  expect(stderr).toContain(named)
})
