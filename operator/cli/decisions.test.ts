import { expect, test } from 'vitest'
import type { TestRequest } from '../test-api.ts'
import { runCommand, startCliApi } from '../test-cli.ts'

const id = '5d7c1a9e'.repeat(8)
const time = '2026-03-01T00:00:00.000Z'
const certificate = { certificateId: id, state: 'quarantined', origin: 'device', createdAt: time, changedAt: time }
const revocation = { thingName: 'press-1', revoked: [id] }
const thing = {
  thingName: 'press-1',
  state: 'revoked',
  attributes: { site: 'oslo' },
  reason: 'a\u001b[2Jb',
  changedAt: time,
}

function linesOf(requests: readonly TestRequest[]): string[] {
  return requests.map(({ method, path, body }) => `${method} ${path} ${body}`.trimEnd())
}

test('certificates list asks for a state, and for those that end soon', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: { certificates: [certificate] } }))
  const before = Date.now()
  const { stdout } = await runCommand(
    ['certificates', 'list', '--state', 'quarantined', '--expires-within', '30d', '--output', 'csv'],
    env,
  )
  expect(stdout.split('\r\n')[1]).toBe(`${id},quarantined,,device,,,,${time},,${time}`)
  const query = requests[0]?.query
  expect(query?.get('state')).toBe('quarantined')
  const expiresBefore = Date.parse(query?.get('expiresBefore') ?? '') - 30 * 86_400_000
  expect(expiresBefore).toBeGreaterThanOrEqual(before)
  expect(expiresBefore).toBeLessThanOrEqual(Date.now())
})

test('a certificate is shown, approved, rejected and revoked', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: certificate }))
  const shown = await runCommand(['certificates', 'show', id], env)
  expect(shown.stdout).toContain(`certificateId    ${id}\nstate            quarantined\n`)
  const approved = await runCommand(
    ['certificates', 'approve', id, '--thing', 'press-1', '--replace', '--output', 'json'],
    env,
  )
  expect(JSON.parse(approved.stdout)).toEqual(certificate)
  await runCommand(['certificates', 'reject', id, '--reason', 'a stranger'], env)
  await runCommand(['certificates', 'revoke', id, '--yes'], env)
  expect(linesOf(requests)).toEqual([
    `GET /v1/certificates/${id}`,
    `POST /v1/certificates/${id}/approve {"thingName":"press-1","replace":true}`,
    `POST /v1/certificates/${id}/reject {"reason":"a stranger"}`,
    `POST /v1/certificates/${id}/revoke {}`,
  ])
})

test('a thing is shown, revoked and deleted', async () => {
  const { env, requests } = await startCliApi(({ method }) => ({
    status: 200,
    body: method === 'GET' ? thing : revocation,
  }))
  const shown = await runCommand(['things', 'show', 'press-1'], env)
  expect(shown.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['thingName', 'press-1'],
    ['state', 'revoked'],
    ['reason', 'ab'],
    ['attributes', 'site=oslo'],
    ['changedAt', time],
    [''],
  ])
  const revoked = await runCommand(['things', 'revoke', 'press-1', '--reason', 'stolen', '--yes'], env)
  expect(revoked).toMatchObject({ stdout: `thingName  press-1\nrevoked    ${id}\n`, code: 0 })
  const deleted = await runCommand(['things', 'delete', 'press-1', '--yes', '--output', 'json'], env)
  expect(JSON.parse(deleted.stdout)).toEqual(revocation)
  expect(linesOf(requests)).toEqual([
    'GET /v1/things/press-1',
    'POST /v1/things/press-1/revoke {"reason":"stolen"}',
    'DELETE /v1/things/press-1',
  ])
})

test('what cannot be taken back is not done when nobody confirms it', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: revocation }))
  const commands = [
    ['things', 'revoke', 'press-1'],
    ['things', 'delete', 'press-1'],
    ['certificates', 'revoke', id],
    ['ca', 'retire', id],
  ]
  for (const command of commands) {
    const { stdout, stderr, code } = await runCommand(command, env)
    expect(stderr).toMatch(/^CONFIRMATION_MISSING: .*\n {2}hint: --yes confirms it\n$/)
    expect(stderr).toContain(command[2])
    expect({ stdout, code }).toEqual({ stdout: '', code: 252 })
  }
  expect(requests).toEqual([])
})
