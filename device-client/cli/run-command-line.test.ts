import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { runCommandLine } from './run-command-line.ts'

const secret = `tdc_${'a'.repeat(16)}_${'b'.repeat(64)}`

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const output = { stdout: '', stderr: '' }
  const code = await runCommandLine(args, {
    env: { THINGDROP_DEVICE_DIR: join(temporaryFolder(), 'device'), ...env },
    print: (line) => {
      output.stdout += `${line}\n`
    },
    log: (line) => {
      output.stderr += `${line}\n`
    },
    signal: new AbortController().signal,
  })
  return { code, ...output }
}

test('tells how it is used', async () => {
  const help = await run(['--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  for (const command of [
    'enroll',
    'connect',
    'renew',
    'credentials',
    'serve-credentials',
    'doctor',
    'upload',
    'sync',
  ]) {
    expect(help.stdout).toContain(`  ${command} `)
    const { code, stdout } = await run([command, '--help'])
    expect(stdout).toContain(`Usage: thingdrop-device ${command}`)
    expect(stdout).toContain('Example:')
    expect(code).toBe(0)
  }
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test.each([
  [[], 'name a command'],
  [['toString'], 'there is no command'],
  [['upload'], 'needs at least one FILE'],
  [['sync'], 'needs one DIR'],
  [['sync', 'a', 'b'], 'needs one DIR'],
  [['sync', '--min-age', '1h', 'a'], '--min-age takes a whole number'],
  [['sync', '--transfers', '0', 'a'], '--transfers takes a whole number'],
  [['upload', '--output', 'xml', 'f'], '--output takes text or jsonl'],
  [['upload', '--transfers', '0', 'f'], '--transfers takes a whole number'],
  [['connect', '--timeout', '5m'], '--timeout takes a whole number'],
  [['connect', '--dir'], 'argument missing'],
  [['connect', '--stray'], "Unknown option '--stray'"],
  [['connect', 'stray'], 'takes no operand'],
])('ends with 2 for %j', async (args, message) => {
  const { code, stdout, stderr } = await run(args)
  expect(stderr).toContain(message)
  expect(stdout).toBe('')
  expect(code).toBe(2)
})

test('takes options from the environment, and the command line before it', async () => {
  expect((await run(['upload', 'f'], { THINGDROP_TRANSFERS: 'many' })).stderr).toContain('not "many"')
  expect((await run(['upload', '--transfers', '2', 'f'], { THINGDROP_TRANSFERS: 'many' })).stderr).toContain(
    'NOT_ENROLLED',
  )
})

test.each([
  [['enroll', `https://api.example/v1/certificates?thing=press-7#${secret}`], {}, 2],
  [['enroll', '--claim', secret], {}, 2],
  [['enroll', `--claim=${secret}`], {}, 2],
  [['enroll'], { THINGDROP_CLAIM: secret }, 1],
  [['enroll'], { THINGDROP_CLAIM: `http://203.0.113.1/v1/certificates?thing=press-7#${secret}` }, 1],
])('repeats no secret of %j %j', async (args, env, code) => {
  const ended = await run(args, env)
  expect(ended.code).toBe(code)
  expect(ended.stdout + ended.stderr).not.toContain('bbbb')
})
