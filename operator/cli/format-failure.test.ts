import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OperatorError } from '../operator-error.ts'
import { runCommand, startCliApi } from '../test-cli.ts'
import { formatFailure } from './format-failure.ts'

const out = { write: async () => {}, isTerminal: true, width: 80, colours: false }
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u001b[2J', '\u009b31m', '\u001b]0;title\u0007', '\r', '\n', '\u202e', 'a', 'é'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
})

test('nothing in a failure drives the terminal or adds a line, whoever said it', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (code, message, hint, requestId) => {
      const error = new OperatorError(code, message, { hint, requestId, details: [message] })
      const text = formatFailure(error, { debug: false, out })
      expect(text).not.toMatch(controls)
      expect(text.split('\n')).toHaveLength(5)
    }),
  )
})

test('names of the API and words of the command line come out clean', async () => {
  const detail = 'the thing press\u001b[2J-1 is \u202egnissim'
  const problem = { type: 'about:blank', title: 'x', status: 404, code: 'NOT\u001b[31m_FOUND', detail, requestId: 'r' }
  const { env } = await startCliApi(() => ({ status: 404, body: problem }))
  const refused = await runCommand(['things', 'show', 'press-1'], env)
  expect(refused).toMatchObject({
    stderr: 'NOT_FOUND: the thing press-1 is gnissim\n  request: r\n',
    code: 254,
  })
  for (const args of [['thi\u001b[2Jngs'], ['uploads', 'list', '--limit', 'a\u001b[2J'], ['things', '--al\u009bl']]) {
    const { stderr, code } = await runCommand(args, env)
    expect({ code, isClean: !controls.test(stderr) }).toEqual({ code: 252, isClean: true })
  }
})
