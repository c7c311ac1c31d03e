import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { hasProgram } from '../../test/has-program.ts'
import { runCli, startCliApi } from '../test-cli.ts'

const cli = fileURLToPath(new URL('../../start/thingdrop.ts', import.meta.url))
const thing = { thingName: 'press-1', state: 'active', attributes: {}, changedAt: '2026-03-01T08:00:00.000Z' }

async function showOnTerminal(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const command = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'xterm-256color', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return text(child.stdout)
}

test.skipIf(!hasProgram('script'))('a terminal gets colours, unless NO_COLOR says no (needs script)', async () => {
  const { env } = await startCliApi(() => ({ status: 200, body: { things: [thing] } }))
  const list = ['things', 'list']
  const [coloured, plain, dumb] = await Promise.all([
    showOnTerminal(list, env),
    showOnTerminal(list, { ...env, NO_COLOR: '1', FORCE_COLOR: '1', NODE_NO_WARNINGS: '1' }),
    showOnTerminal(list, { ...env, TERM: 'dumb' }),
  ])
  expect(coloured).toContain('\u001b[32mactive\u001b[39m')
  expect(plain).toContain('active')
  expect(plain).toBe(stripVTControlCharacters(coloured))
  expect(dumb).toBe(plain)
})

test('a pipe never gets colours, even where FORCE_COLOR asks for them', async () => {
  const { env } = await startCliApi(({ path }) =>
    path === '/v1/things' ? { status: 200, body: { things: [thing] } } : { status: 404, body: { message: 'no' } },
  )
  const forced = { ...env, FORCE_COLOR: '3' }
  const [listed, failed] = await Promise.all([
    runCli(['things', 'list'], forced),
    runCli(['things', 'show', 'press-1'], forced),
  ])
  expect(listed.stdout).toContain('active')
  expect(failed.stderr).toContain('API_ANSWER_INVALID: ')
  expect(listed.stdout + failed.stderr).not.toContain('\u001b')
})
