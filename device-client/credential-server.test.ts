import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { startCredentialServer } from './credential-server.ts'
import { DeviceFault } from './device-fault.ts'

const token = 'a'.repeat(64)
const credentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  expiration: new Date('2099-04-25T03:47:26Z'),
}

async function start(source = async () => credentials): Promise<string> {
  const server = await startCredentialServer({ credentials: source, token, port: 0 })
  onTestFinished(() => server.close())
  return server.url
}

async function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request(url, { method, headers: { authorization: token, ...headers } }, resolve)
      .on('error', reject)
      .end()
  })
  return { status: answer.statusCode, body: await text(answer) }
}

test('answers who has the token, on the loopback address', async () => {
  const url = await start()
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/credentials$/)
  const { status, body } = await ask(url)
  expect(status).toBe(200)
  expect(JSON.parse(body)).toEqual({
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: '2099-04-25T03:47:26Z',
  })
  expect((await ask(url, { host: 'localhost:80' })).status).toBe(200)
})

test.each([
  ['no token', { authorization: '' }, 401],
  ['another token', { authorization: 'b'.repeat(64) }, 401],
  ['the beginning of the token', { authorization: 'a'.repeat(63) }, 401],
  ['a scheme before the token', { authorization: `Bearer ${token}` }, 401],
  ['a name that was pointed here', { host: 'rebound.example' }, 403],
  ['a name that begins as ours', { host: '127.0.0.1.rebound.example:80' }, 403],
])('refuses %s, and asks for no credentials', async (_, headers, status) => {
  let asked = 0
  const url = await start(async () => {
    asked++
    return credentials
  })
  const refused = await ask(url, headers)
  expect(refused.status).toBe(status)
  expect(refused.body).not.toContain('ASIA')
  expect(asked).toBe(0)
})

test('answers at one path, to GET', async () => {
  const url = await start()
  expect((await ask(`${url}/more`)).status).toBe(404)
  expect((await ask(url, {}, 'POST')).status).toBe(405)
})

test.each([
  ['CREDENTIALS_UNAVAILABLE', 503],
  ['ROLE_ALIAS_DENIED', 403],
] as const)('says %s with %d', async (code, status) => {
  const url = await start(async () => {
    throw new DeviceFault(code, 'no')
  })
  const failed = await ask(url)
  expect(failed.status).toBe(status)
  expect(JSON.parse(failed.body)).toMatchObject({ code })
})

test('says nothing of what it did not expect', async () => {
  const url = await start(async () => {
    throw new Error('inner words')
  })
  const failed = await ask(url)
  expect(failed.status).toBe(500)
  expect(failed.body).not.toContain('inner')
})

test('names a port that is taken', async () => {
  const url = await start()
  const again = startCredentialServer({ credentials: async () => credentials, token, port: Number(new URL(url).port) })
  await expect(again).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' })
})
