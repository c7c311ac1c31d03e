import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder, runCommand, startCliApi } from '../test-cli.ts'

const secret = `tdc_0123456789abcdef_${'a'.repeat(64)}`
const claim = {
  claimId: '0123456789abcdef',
  thingName: 'press-1',
  expiresAt: '2026-03-02T00:00:00.000Z',
  claimUrl: `https://api.example/v1/certificates?thing=press-1#${secret}`,
}
const create = ['claims', 'create', '--thing', 'press-1']

test('prints the claim URL alone on stdout, and what to do next beside it, without the secret', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 201, body: claim }))
  const { stdout, stderr, code } = await runCommand(
    [...create, '--attribute', 'site=oslo', '--attribute', 'a=b=c', '--ttl', '2h', '--type', 'Press', '--replace'],
    env,
  )
  expect({ stdout, code }).toEqual({ stdout: `${claim.claimUrl}\n`, code: 0 })
  expect(stderr).toContain('thingdrop-device enroll')
  expect(stderr).not.toContain(secret)
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
    thingName: 'press-1',
    thingTypeName: 'Press',
    attributes: { site: 'oslo', a: 'b=c' },
    ttlSeconds: 7200,
    replace: true,
  })
})

test('--output json prints the whole answer', async () => {
  const { env } = await startCliApi(() => ({ status: 201, body: claim }))
  expect(JSON.parse((await runCommand([...create, '--output', 'json'], env)).stdout)).toEqual(claim)
})

test('--out writes a new private file, and asks for no claim when it cannot', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 201, body: claim }))
  const file = join(await makeFolder(), 'press-1.claim')
  const first = await runCommand([...create, '--out', file], env)
  expect(first).toMatchObject({ stdout: '', code: 0 })
  expect(first.stderr).toContain(`--claim-file ${file}`)
  expect(first.stderr).not.toContain(secret)
  expect(await readFile(file, 'utf8')).toBe(`${claim.claimUrl}\n`)
  expect((await stat(file)).mode & 0o777).toBe(0o600)

  const second = await runCommand([...create, '--out', file], env)
  expect(second.stderr).toMatch(/^FILE_UNWRITABLE: .*EEXIST\n {2}hint: /)
  expect(second.code).toBe(255)
  expect(requests).toHaveLength(1)
})

test('--out leaves no file behind when the API refuses', async () => {
  const problem = {
    type: 'about:blank',
    title: 'x',
    status: 409,
    code: 'THING_HELD',
    detail: 'press-1 is held',
    requestId: 'r-1',
  }
  const { env } = await startCliApi(() => ({ status: 409, body: { ...problem, hint: 'try\u001b[2J another' } }))
  const folder = await makeFolder()
  const { stderr, code } = await runCommand([...create, '--out', join(folder, 'a.claim')], env)
  expect(stderr).toBe('THING_HELD: press-1 is held\n  hint: try another\n  request: r-1\n')
  expect(code).toBe(254)
  expect(await readdir(folder)).toEqual([])
})

test('list shows claims in the state that is asked for', async () => {
  const summary = {
    claimId: claim.claimId,
    thingName: 'press-1',
    state: 'spent',
    createdAt: '2026-03-01T00:00:00.000Z',
    expiresAt: claim.expiresAt,
    replace: false,
    certificateId: 'c'.repeat(64),
  }
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { claims: [summary] } }))
  const { stdout } = await runCommand(['claims', 'list', '--state', 'spent'], env)
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['CLAIM', 'THING', 'STATE', 'CREATED', 'EXPIRES', 'CERTIFICATE'],
    [claim.claimId, 'press-1', 'spent', '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', 'cccccccc'],
    [''],
  ])
  expect(requests[0]?.query.get('state')).toBe('spent')
})

test('revoke goes on past one that fails, and repeats no secret', async () => {
  const revoked = {
    claimId: claim.claimId,
    thingName: 'press-1',
    state: 'revoked',
    createdAt: claim.expiresAt,
    expiresAt: claim.expiresAt,
    replace: false,
  }
  const { env, requests } = await startCliApi(() => ({ status: 200, body: revoked }))
  const { stdout, stderr, code } = await runCommand(
    ['claims', 'revoke', secret, claim.claimId, '--output', 'jsonl'],
    env,
  )
  expect(JSON.parse(stdout)).toEqual(revoked)
  expect(stderr).toMatch(/^PARTLY_DONE: .*\n {2}tdc_0123456789ab: REQUEST_INVALID: .*16 hex digits/)
  expect(stderr).not.toContain('aaaa')
  expect(code).toBe(1)
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([`DELETE /v1/claims/${claim.claimId}`])
})
