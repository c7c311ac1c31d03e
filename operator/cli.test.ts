import { expect, test } from 'vitest'
import { testCredentials } from './test-api.ts'
import { runCli, runCommand, startCliApi } from './test-cli.ts'

test('bad usage exits 252 with the option’s name, before anything is sent', async () => {
  const wrong = [
    [['uploads', 'list', '--since', 'yesterday'], '--since'],
    [['uploads', 'list', '--until', '2026-02-30'], '--until'],
    [['uploads', 'show'], 'upload'],
    [['uploads', 'show', 'things/press-1/load.csv'], 'things/press-1/load.csv'],
    [['uploads', 'show', 'things/a/2026-03-01/0123456789abcdef-b', '--thing', 'c'], 'none of c'],
    [['uploads', 'download', '0123456789abcdef', '--url', '--out', 'a'], '--out'],
    [['uploads', 'download', '0123456789abcdef', '--expires-in', '16m'], '--expires-in'],
    [['uploads', 'download', '0123456789abcdef', '--out', '-'], '--out'],
    [['uploads', 'tail', '--until', '1h'], '--until'],
    [['uploads', 'export', '--output', 'table'], '--output'],
    [['uploads', 'export', '--limit', '5'], '--limit'],
    [['uploads', 'tail', '--output', 'json'], '--output'],
    [['stats', 'uploads', '--from', '2026-03-01T00:00:00Z'], '--from'],
    [['things', 'list', '--silent', 'long'], '--silent'],
    [['completion', 'csh'], 'shell'],
    [['completion'], 'shell'],
    [['uploads', 'list', '--limit', '0'], '--limit'],
    [['uploads', 'list', '--all', '--limit', '5'], '--limit'],
    [['uploads', 'list', '--output', 'xml'], '--output'],
    [['uploads', 'list', '--colour'], '--colour'],
    [['claims', 'create'], '--thing'],
    [['claims', 'create', '--thing', 'a', '--from', 'b.csv'], '--from'],
    [['claims', 'create', '--thing', 'a#', '--count', '5'], '--out'],
    [['claims', 'list', '--state', 'lost'], '--state'],
    [['claims', 'revoke'], 'id'],
    [['certificates', 'list', '--state', 'claimed'], '--state'],
    [['certificates', 'issue', '--from', 'a.csv'], '--out'],
    [['certificates', 'issue', '--from', 'a.csv', '--out', 'b', '--jobs', '0'], '--jobs'],
    [['ca', 'register'], '--cert'],
    [['explain'], 'subject'],
    [['claims', 'create', '--thing', 'a', '--attribute', 'b'], '--attribute'],
    [['things'], 'Usage'],
  ] as const
  await Promise.all(
    wrong.map(async ([args, named]) => {
      const { stdout, stderr, code } = await runCommand(args)
      expect({ args, stdout, code }).toEqual({ args, stdout: '', code: 252 })
      expect(stderr).toContain(named)
    }),
  )
})

test('a thing name that the contract does not allow is bad usage too', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 500, body: {} }))
  const { stderr, code } = await runCli(['claims', 'create', '--thing', 'press 1'], env)
  expect(stderr).toMatch(/^REQUEST_INVALID: .*thingName/)
  expect(code).toBe(252)
  expect(requests).toEqual([])
})

test('--debug shows the causes and no secret', async () => {
  const { env } = await startCliApi(() => ({ status: 200, body: { nothing: 'expected' } }))
  const { stderr } = await runCli(['things', 'list', '--debug'], env)
  expect(stderr).toContain('caused by')
  expect(stderr).toContain('call-api.ts')
  for (const value of Object.values(testCredentials)) expect(stderr).not.toContain(value)
})

test('--help and --version are results', async () => {
  const { stdout, code } = await runCli(['--help'])
  expect(stdout).toMatch(/Example:\n {2}\$ thingdrop /)
  expect(code).toBe(0)
  expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
