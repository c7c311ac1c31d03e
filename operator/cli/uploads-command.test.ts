import { expect, test } from 'vitest'
import { uploadStates } from '#contract/upload-log-api.ts'
import { runCommand, startCliApi } from '../test-cli.ts'

const certificateId = '5d7c1a9e'.repeat(8)
const key = 'things/press-1/2026-03-01/0123456789abcdef-load.csv'
const refused = {
  thingName: 'press-1',
  event: 'refused',
  key,
  uploadId: '0123456789abcdef',
  sizeBytes: 1536,
  eventTime: '2026-03-01T08:00:00.000Z',
  loggedAt: '2026-03-01T08:00:00.000Z',
  expiresAt: '2026-03-01T08:15:00.000Z',
  reason: 'BadDigest',
}
const created = { ...refused, event: 'created', sequencer: '00A1', expiresAt: undefined, reason: undefined }

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

test.each(uploadStates)('the state %s may be asked for', async (state) => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { uploads: [] } }))
  expect((await runCommand(['uploads', 'list', '--state', state], env)).code).toBe(0)
  expect(requests[0]?.query.get('state')).toBe(state)
})

test('what is asked for reaches the API', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { uploads: [] } }))
  const now = new Date('2026-03-02T00:00:00Z')
  const filters = ['--thing', 'press-1', '--state', 'missing', '--certificate', certificateId, '--prefix', 'things/p']
  const times = ['--since', '1d12h', '--until', '30m']
  const { code } = await runCommand(['uploads', 'list', ...filters, ...times], env, { clock: () => now })
  expect(code).toBe(0)
  expect(Object.fromEntries(requests[0]?.query ?? [])).toEqual({
    thing: 'press-1',
    state: 'missing',
    certificateId,
    prefix: 'things/p',
    from: '2026-02-28T12:00:00.000Z',
    to: '2026-03-01T23:30:00.000Z',
    limit: '100',
  })
})

test('one upload: what its URL was for, and its events', async () => {
  const issued = {
    state: 'arrived',
    way: 'put',
    sizeBytes: 1536,
    contentType: 'text/csv\u001b[2J',
    certificateId,
    issuedAt: '2026-03-01T07:59:00.000Z',
    expiresAt: '2026-03-01T08:15:00.000Z',
    changedAt: '2026-03-01T08:00:00.000Z',
  }
  const shown = { uploadId: created.uploadId, thingName: 'press-1', key, state: 'arrived', issued, events: [created] }
  const { env, requests } = await startCliApi(() => ({ status: 200, body: shown }))
  const { stdout, code } = await runCommand(['uploads', 'show', key], env)
  expect(code).toBe(0)
  const lines = stdout.split('\n').map((line) => line.split(/ {2,}/))
  expect(lines).toContainEqual(['contentType', 'text/csv'])
  expect(lines).toContainEqual(['issuedAt', issued.issuedAt])
  expect(lines).toContainEqual(['2026-03-01T08:00:00Z', 'press-1', 'created', '1.5 KiB', key])
  expect(requests[0]).toMatchObject({ path: `/v1/uploads/${created.uploadId}` })
  expect(requests[0]?.query.get('thing')).toBe('press-1')

  const json = await runCommand(['uploads', 'show', created.uploadId, '--output', 'json'], env)
  expect(JSON.parse(json.stdout)).toEqual(JSON.parse(JSON.stringify(shown)))
  const other = await runCommand(['uploads', 'show', key.replace('load', 'other')], env)
  expect(other).toMatchObject({ code: 254, stdout: '' })
  expect(other.stderr).toMatch(/^NOT_FOUND: there is no upload .*other\.csv\n {2}hint: .*load\.csv\n$/)
})

test('counts of each thing and day, of all pages', async () => {
  const stat = { thingName: '=press', day: '2026-03-01', arrived: 2, arrivedBytes: 3072, removed: 0 }
  const { env, requests } = await startCliApi(({ query }) => {
    const rest = query.has('cursor') ? {} : { cursor: 'next' }
    return { status: 200, body: { stats: [stat], ...rest } }
  })
  const range = ['--thing', 'press-1', '--from', '2026-03-01', '--to', '2026-03-31']
  const { stdout, stderr, code } = await runCommand(['stats', 'uploads', ...range, '--output', 'csv'], env)
  expect({ stdout, stderr, code }).toEqual({
    stdout: 'day,thingName,arrived,arrivedBytes,removed\r\n2026-03-01,"\'=press",4,6144,0\r\n',
    stderr: '4 files, 6.0 KiB\n',
    code: 0,
  })
  expect(requests.map(({ query }) => Object.fromEntries(query))).toEqual([
    { thing: 'press-1', from: '2026-03-01', to: '2026-03-31' },
    { thing: 'press-1', from: '2026-03-01', to: '2026-03-31', cursor: 'next' },
  ])
})

test('things that are silent, with their last upload', async () => {
  const thing = { thingName: 'press-1', state: 'active', attributes: {}, changedAt: created.eventTime }
  const things = [{ ...thing, lastUploadAt: created.eventTime }, thing]
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { things } }))
  const { stdout } = await runCommand(['things', 'list', '--silent', '2d'], env)
  expect(stdout.match(/2026-03-01T08:00:00Z/g)).toHaveLength(3)
  expect(requests[0]?.query.get('silentFor')).toBe('172800')
})

test.each([
  ['missing', [], 1, '7 compared: 1 missing; --write mends the log\n'],
  ['missing', ['--write'], 0, '7 compared: 1 missing; 1 rows written or taken away\n'],
  ['unequal', ['--write'], 1, '7 compared: 1 unequal; 1 rows written or taken away\n'],
  [undefined, [], 0, '7 compared: the log has them all\n'],
])('a rebuild that finds %s with %j ends with %i', async (kind, options, code, remark) => {
  const difference = { kind, event: 'created', key, sizeBytes: 1536, lastModified: created.eventTime }
  const { env, requests } = await startCliApi(({ body }) => {
    if (JSON.parse(body).cursor === undefined) {
      return { status: 200, body: { compared: 3, differences: [], changed: 0, cursor: 'next' } }
    }
    const found = kind === undefined ? [] : [difference]
    return { status: 200, body: { compared: 4, differences: found, changed: found.length } }
  })
  const rebuilt = await runCommand(['uploads', 'rebuild', '--output', 'jsonl', ...options], env)
  expect(rebuilt).toMatchObject({ stderr: remark, code })
  expect(rebuilt.stdout).toBe(kind === undefined ? '' : `${JSON.stringify(difference)}\n`)
  expect(requests.map(({ body }) => JSON.parse(body))).toMatchObject([
    { write: options.length > 0 },
    { write: options.length > 0, cursor: 'next' },
  ])
})

test('a rebuild that is cut says how to go on', async () => {
  const { env } = await startCliApi(({ body }) =>
    JSON.parse(body).cursor === undefined
      ? { status: 200, body: { compared: 3, differences: [], changed: 0, cursor: 'next' } }
      : { status: 403, body: { message: 'Forbidden' } },
  )
  const { stderr, code } = await runCommand(['uploads', 'rebuild'], env)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^PARTLY_DONE: .*\n {2}.*Forbidden\n {2}hint: .*--cursor next goes on\n/)
})
