import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { runCommand, startCli, startCliApi } from '../../test-cli.ts'

const now = new Date('2026-03-01T08:00:00Z')

function uploadOf(second: number) {
  const eventTime = new Date(now.getTime() - 60_000 + second * 1000).toISOString()
  return { event: 'created', key: `things/press-1/${second}`, eventTime, loggedAt: eventTime, sequencer: '00' }
}

const keysOf = (lines: string) => [...lines.matchAll(/things\/press-1\/(\d+)/g)].map(([, number]) => Number(number))

test('the last ten minutes, oldest first', async () => {
  const { env, requests } = await startCliApi(() => ({
    status: 200,
    body: { uploads: [3, 2, 1].map(uploadOf) },
  }))
  const { stdout, code } = await runCommand(['uploads', 'tail', '--thing', 'press-1'], env, { clock: () => now })
  expect({ keys: keysOf(stdout), code }).toEqual({ keys: [1, 2, 3], code: 0 })
  expect(Object.fromEntries(requests[0]?.query ?? [])).toMatchObject({
    thing: 'press-1',
    from: '2026-03-01T07:50:00.000Z',
  })
})

test('--follow prints each row once, goes on through what passes, and ends well when it is interrupted', async () => {
  const looks = [[1], [2, 1], 'away', 'away', [4, 3, 2, 1], [4, 3, 2, 1]] as const
  const interruption = new AbortController()
  let look = 0
  const { env } = await startCliApi(() => {
    const seen = looks[look]
    if (seen === 'away') return { status: 500, body: { message: 'Internal Server Error' } }
    return { status: 200, body: { uploads: seen?.map(uploadOf) ?? [] } }
  })
  const paused: number[] = []
  const { stdout, stderr, code } = await runCommand(['uploads', 'tail', '--follow', '--output', 'csv'], env, {
    clock: () => now,
    onInterrupt: () => interruption.signal,
    async pause(milliseconds, signal) {
      paused.push(milliseconds)
      if (++look === looks.length) interruption.abort()
      return !signal.aborted
    },
  })
  expect({ keys: keysOf(stdout), code }).toEqual({ keys: [1, 2, 3, 4], code: 0 })
  expect(stdout.match(/eventTime/g)).toHaveLength(1)
  expect(stderr).toBe('API_FAILED: the API answered: Internal Server Error; trying again\n')
  expect(new Set(paused)).toEqual(new Set([2000]))
})

test('--follow ends when credentials do', async () => {
  const { env } = await startCliApi(() => ({ status: 403, body: { message: 'Forbidden' } }))
  const { stderr, code } = await runCommand(['uploads', 'tail', '--follow'], env, { pause: async () => true })
  expect(code).toBe(254)
  expect(stderr).toMatch(/^ACCESS_DENIED: /)
})

test('Ctrl-C ends the process with 0', async () => {
  const { env } = await startCliApi(() => ({ status: 200, body: { uploads: [uploadOf(1)] } }))
  const child = await startCli(['uploads', 'tail', '--follow', '--output', 'jsonl', '--since', '2026-03-01'], env)
  const stderr = text(child.stderr)
  child.stdout.once('data', () => child.kill('SIGINT'))
  expect(await once(child, 'close')).toEqual([0, null])
  expect(await stderr).toBe('')
})
