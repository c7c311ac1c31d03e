import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { createOut } from '../../output/out.ts'
import type { TestAnswer, TestRequest } from '../../test-api.ts'
import { runCommand, startCli, startCliApi } from '../../test-cli.ts'

const now = new Date('2026-03-02T00:00:00Z')

function uploadOf(number: number) {
  const eventTime = new Date(Date.parse('2026-03-01T08:00:00Z') - number * 1000).toISOString()
  return { event: 'created', key: `things/press-1/${number}`, eventTime, loggedAt: eventTime, sequencer: '00' }
}

/** Pages of two rows; each cursor is the number of the next row. */
function answerPage({ query }: TestRequest): TestAnswer {
  const first = Number(query.get('cursor') ?? 0)
  const uploads = [uploadOf(first), uploadOf(first + 1)]
  return { status: 200, body: { uploads, ...(first < 4 && { cursor: String(first + 2) }) } }
}

const keysOf = (csv: string) => [...csv.matchAll(/things\/press-1\/(\d)/g)].map(([, number]) => Number(number))

test('all rows, one head, and where the next export goes on', async () => {
  const { env, requests } = await startCliApi(answerPage)
  const exported = await runCommand(['uploads', 'export', '--since', '2026-03-01'], env, { clock: () => now })
  expect(exported.stdout).toMatch(/^eventTime,thingName,event,key.*\r\n2026-03-01T08:00:00\.000Z,,created,things/)
  expect(keysOf(exported.stdout)).toEqual([0, 1, 2, 3, 4, 5])
  expect(exported).toMatchObject({
    stderr: '6 uploads from 2026-03-01T00:00:00.000Z until 2026-03-02T00:00:00.000Z\n',
    code: 0,
  })
  for (const { query } of requests) expect(query.get('to')).toBe('2026-03-02T00:00:00.000Z')
})

test('one that is cut exits with 1, and what its hint says gives the rest', async () => {
  const { env, requests } = await startCliApi((request) =>
    request.query.get('cursor') === '2' && requests.length === 2
      ? { status: 403, body: { message: 'Forbidden' } }
      : answerPage(request),
  )
  const cut = await runCommand(['uploads', 'export', '--since', '1d'], env, { clock: () => now })
  expect(cut.code).toBe(1)
  expect(cut.stderr).toMatch(/^PARTLY_DONE: the export was cut after 2 rows\n {2}ACCESS_DENIED: .*Forbidden\n/)
  const [, options = ''] = /the same command with (.*) writes the rest/.exec(cut.stderr) ?? []
  const rest = await runCommand(['uploads', 'export', ...options.split(' ')], env)
  expect(rest.code).toBe(0)
  expect(keysOf(cut.stdout + rest.stdout)).toEqual([0, 1, 2, 3, 4, 5])
  expect(rest.stdout).not.toContain('eventTime')
  expect(requests.at(-1)?.query.get('from')).toBe('2026-03-01T00:00:00.000Z')
})

test('a refusal of the first page is the failure itself', async () => {
  const { env } = await startCliApi(() => ({ status: 403, body: { message: 'Forbidden' } }))
  const { stdout, stderr, code } = await runCommand(['uploads', 'export'], env)
  expect({ stdout, code }).toEqual({ stdout: '', code: 254 })
  expect(stderr).toMatch(/^ACCESS_DENIED: /)
})

test('progress is told beside the rows', async () => {
  const { env } = await startCliApi(answerPage)
  let seconds = 0
  const clock = () => new Date(now.getTime() + 4000 * seconds++)
  const { stderr } = await runCommand(['uploads', 'export', '--output', 'jsonl'], env, { clock })
  expect(stderr).toMatch(/^6 uploads, \d+\/s, back to 2026-03-01T07:59:55Z\n6 uploads until /)
})

test('a reader that goes away has no whole export, and the exit code says so', async () => {
  let row = 0
  const { env } = await startCliApi(() => {
    const uploads = Array.from({ length: 1000 }, () => uploadOf(row++))
    return { status: 200, body: { uploads, cursor: String(row) } }
  })
  const child = await startCli(['uploads', 'export'], env)
  const stderr = text(child.stderr)
  child.stdout.once('data', () => child.stdout.destroy())
  expect(await once(child, 'close')).toEqual([1, null])
  expect(await stderr).toContain('PARTLY_DONE: the export was cut: its reader went away\n')
})

test.runIf(process.platform === 'linux')('a full disk is told, too', async () => {
  const { env } = await startCliApi(answerPage)
  const stdout = createOut(createWriteStream('/dev/full'), {})
  const { stderr, code } = await runCommand(['uploads', 'export'], env, { stdout })
  expect(code).toBe(255)
  expect(stderr).toMatch(/^FILE_UNWRITABLE: the export was cut: it cannot be written: ENOSPC\n/)
})
