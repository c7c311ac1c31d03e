import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { beforeAll, expect, test } from 'vitest'
import { createDevice } from './device.ts'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { createEnrolledFolder, createHastyRuntime } from './testing/enrolled-device.ts'
import { startHttps } from './testing/servers.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority()
})

const credentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  expiration: '2099-04-25T03:47:26Z',
}

async function createTestDevice(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const tls = { ...(await authority.issueServer()), ca: authority.pem, requestCert: true }
  const credentialsEndpoint = await startHttps(tls, handle)
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint, roleAlias: 'a=b,c@d' })
  return createDevice({ dir, runtime: createHastyRuntime() })
}

test('asks with the certificate, the alias and the thing name, and asks once for all who wait', async () => {
  const requests: unknown[] = []
  const device = await createTestDevice((request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    requests.push([request.url, request.headers['x-amzn-iot-thingname'], subject.CN])
    response.end(JSON.stringify({ credentials }))
  })
  const expected = { ...credentials, expiration: new Date(credentials.expiration) }
  expect(await Promise.all([device.credentials(), device.credentials()])).toEqual([expected, expected])
  expect(await device.credentials()).toEqual(expected)
  expect(requests).toEqual([['/role-aliases/a%3Db%2Cc%40d/credentials', 'press-7', 'press-7']])
  device.close()
})

test.each([
  [403, 'Invalid thing name passed', 'THING_NOT_ATTACHED'],
  [403, 'Access Denied', 'ROLE_ALIAS_DENIED'],
  [404, 'Role alias does not exist', 'ROLE_ALIAS_MISSING'],
  [400, 'Unable to assume the role, or the role to assume does not exist', 'ROLE_UNASSUMABLE'],
  [
    400,
    'The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for the role',
    'ROLE_SESSION_TOO_LONG',
  ],
  [403, 'Certificate is invalid on this endpoint', 'CERTIFICATE_INACTIVE'],
  [418, 'something new', 'CREDENTIALS_REFUSED'],
])('names %d %s', async (status, message, code) => {
  const device = await createTestDevice((_, response) => response.writeHead(status).end(JSON.stringify({ message })))
  await expect(device.credentials()).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
})

test.each([
  [429, 'CREDENTIALS_THROTTLED'],
  [500, 'CREDENTIALS_UNAVAILABLE'],
  [503, 'CREDENTIALS_UNAVAILABLE'],
])('keeps %d as %s for a while', async (status, code) => {
  let requests = 0
  const device = await createTestDevice((_, response) => {
    requests++
    response.writeHead(status).end()
  })
  await expect(device.credentials({ timeoutMs: 0 })).rejects.toMatchObject({ code })
  await expect(device.credentials({ timeoutMs: 0 })).rejects.toMatchObject({ code })
  expect(requests).toBe(1)
})

test.each([
  '<html>log in</html>',
  'null',
  '{"credentials":{}}',
  JSON.stringify({ credentials: { ...credentials, expiration: 'soon' } }),
])('takes %s for no credentials', async (body) => {
  const device = await createTestDevice((_, response) => response.end(body))
  await expect(device.credentials()).rejects.toMatchObject({ code: 'CREDENTIALS_UNPARSABLE' })
})
