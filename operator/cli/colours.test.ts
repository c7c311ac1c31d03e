import { spawn } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { WriteStream } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { hasProgram } from '../../test/has-program.ts'
import { createOut } from '../output/out.ts'
import { startCliApi } from '../test-cli.ts'

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
  const [coloured, plain] = await Promise.all([
    showOnTerminal(list, env),
    showOnTerminal(list, { ...env, NO_COLOR: '1', FORCE_COLOR: '1', NODE_NO_WARNINGS: '1' }),
  ])
  expect(coloured).toContain('\u001b[32mactive\u001b[39m')
  expect(plain).toContain('active')
  expect(plain).toBe(stripVTControlCharacters(coloured))
})

test('a pipe never gets colours, even where FORCE_COLOR asks for them', () => {
  const forced = { FORCE_COLOR: '3', TERM: 'xterm-256color' }
  expect(createOut(new PassThrough(), forced)).toMatchObject({ isTerminal: false, width: undefined, colours: false })
})

test('a terminal without colours gets none', () => {
  const terminal = Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 0,
    hasColors: WriteStream.prototype.hasColors,
    getColorDepth: WriteStream.prototype.getColorDepth,
  })
  expect(createOut(terminal, { TERM: 'xterm-256color' })).toMatchObject({ width: undefined, colours: true })
  for (const env of [{ TERM: 'dumb' }, { TERM: 'xterm-256color', NO_COLOR: '1', FORCE_COLOR: '3' }]) {
    expect(createOut(terminal, env)).toMatchObject({ isTerminal: true, colours: false })
  }
})
