import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestAuthority } from '../testing/certificates.ts'
import { createRole } from '../testing/create-role.ts'
import { isOnPath } from '../testing/is-on-path.ts'
import {
  type CredentialsAnswer,
  type CredentialsFixture,
  startCredentialsProvider,
} from '../testing/start-credentials-provider.ts'

let fixture: CredentialsFixture
beforeAll(async () => {
  fixture = await startCredentialsProvider()
})
afterAll(() => fixture.close())

test('an active certificate gets credentials of the role, named after the thing', async () => {
  const device = await fixture.addDevice('good')
  fixture.addThing('good', { thingTypeName: 'sensor' })
  fixture.registry.thingPrincipals.add('good', device.certificateId)
  const { status, headers, body } = await fixture.ask(device, { thingName: 'good' })
  expect(status).toBe(200)
  expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
  expect(body.credentials).toEqual({
    accessKeyId: expect.stringMatching(/^ASIA/),
    secretAccessKey: expect.any(String),
    sessionToken: expect.any(String),
    expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  })
  const { accessKeyId = '', sessionToken, expiration = '' } = body.credentials ?? {}
  const { caller } = fixture.iam.credentials.find(accessKeyId, sessionToken)
  expect(caller.arn).toBe(`arn:aws:sts::123456789012:assumed-role/uploader/${device.certificateId}`)
  expect(caller.context).toMatchObject({
    'credentials-iot:ThingName': 'good',
    'credentials-iot:ThingTypeName': 'sensor',
    'credentials-iot:AwsCertificateId': device.certificateId,
  })
  expect(Date.parse(expiration) - Date.now()).toBeGreaterThan(3_590_000)
})

test('without the header the session does not carry a thing', async () => {
  const device = await fixture.addDevice('anonymous')
  const { status, body } = await fixture.ask(device)
  expect(status).toBe(200)
  const { caller } = fixture.iam.credentials.find(body.credentials?.accessKeyId ?? '', body.credentials?.sessionToken)
  expect(caller.context).not.toHaveProperty('credentials-iot:ThingName')
  expect(caller.context).toHaveProperty('credentials-iot:AwsCertificateId', device.certificateId)
})

test('each refusal has its status, its words and its headers', async () => {
  const device = await fixture.addDevice('refused')
  const powerless = await fixture.addDevice('powerless', [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }])
  fixture.addThing('someone-else')
  fixture.addAlias('no-role', 'arn:aws:iam::123456789012:role/missing')
  fixture.addAlias('distrusted', await createRole(fixture.iam, { name: 'for-lambda', trusts: 'lambda.amazonaws.com' }))
  fixture.addAlias('too-long', fixture.registry.roleAliases.get('uploads')?.roleArn ?? '', 7200)

  const expectRefusal = async (answer: Promise<CredentialsAnswer>, status: number, message: string, type: string) => {
    const { headers, ...rest } = await answer
    expect(rest).toMatchObject({ status, body: { message } })
    expect(headers['x-amzn-errortype']).toBe(type)
    expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers['content-type']).toBe('application/json')
  }
  const denied = 'AccessDeniedException'
  const notAssumable = 'Unable to assume the role, or the role to assume does not exist'
  await expectRefusal(fixture.ask(device, { thingName: 'someone-else' }), 403, 'Invalid thing name passed', denied)
  await expectRefusal(fixture.ask(device, { thingName: 'no-thing' }), 403, 'Invalid thing name passed', denied)
  await expectRefusal(fixture.ask(powerless), 403, 'Access Denied', denied)
  await expectRefusal(
    fixture.ask(device, { alias: 'none' }),
    404,
    'Role alias does not exist',
    'ResourceNotFoundException',
  )
  await expectRefusal(
    fixture.ask(device, { alias: '%zz' }),
    404,
    'Role alias does not exist',
    'ResourceNotFoundException',
  )
  await expectRefusal(fixture.ask(device, { alias: 'no-role' }), 400, notAssumable, 'InvalidRequestException')
  await expectRefusal(fixture.ask(device, { alias: 'distrusted' }), 400, notAssumable, 'InvalidRequestException')
  await expectRefusal(
    fixture.ask(device, { alias: 'too-long' }),
    400,
    'The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for the role',
    'InvalidRequestException',
  )
  await expectRefusal(fixture.ask(device, { path: '/' }), 404, 'Not Found', 'ResourceNotFoundException')
  await expectRefusal(fixture.ask(device, { method: 'POST' }), 405, 'Method Not Allowed', 'MethodNotAllowedException')
})

test.each(['INACTIVE', 'REVOKED', 'PENDING_ACTIVATION'] as const)(
  'a certificate that is %s is invalid',
  async (status) => {
    const device = await fixture.addDevice(`was-active-${status}`)
    const record = fixture.registry.certificates.get(device.certificateId)
    if (record) fixture.registry.certificates.put(device.certificateId, { ...record, status })
    expect(await fixture.ask(device)).toMatchObject({
      status: 403,
      body: { message: 'Certificate is invalid on this endpoint' },
    })
  },
)

test('no certificate, an unregistered one and a stranger are invalid; nothing is registered', async () => {
  const unregistered = await fixture.authority.issue('unregistered')
  for (const certificate of [{}, unregistered, await (await createTestAuthority('Fleet CA')).issue('stranger')]) {
    expect(await fixture.ask(certificate)).toMatchObject({
      status: 403,
      body: { message: 'Certificate is invalid on this endpoint' },
    })
  }
  expect(fixture.registry.certificates.get(unregistered.certificateId)).toBeUndefined()
})

test('the conditions on owner, type and attachment each matter', async () => {
  const condition = {
    StringEquals: {
      'iot:Connection.Thing.Attributes[Owner]': 'workshop',
      'iot:Connection.Thing.ThingTypeName': 'camera',
    },
    Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
  }
  const device = await fixture.addDevice('conditional', [
    {
      Effect: 'Allow',
      Action: 'iot:AssumeRoleWithCertificate',
      Resource: 'arn:aws:iot:eu-west-1:123456789012:rolealias/uploads',
      Condition: condition,
    },
  ])
  fixture.addThing('camera-1', { thingTypeName: 'camera', attributes: { Owner: 'workshop' } })
  fixture.addThing('camera-2', { thingTypeName: 'camera', attributes: { Owner: 'kitchen' } })
  fixture.addThing('sensor-1', { thingTypeName: 'sensor', attributes: { Owner: 'workshop' } })
  for (const thing of ['camera-1', 'camera-2', 'sensor-1'])
    fixture.registry.thingPrincipals.add(thing, device.certificateId)

  expect((await fixture.ask(device, { thingName: 'camera-1' })).status).toBe(200)
  expect(await fixture.ask(device, { thingName: 'camera-2' })).toMatchObject({
    status: 403,
    body: { message: 'Access Denied' },
  })
  expect(await fixture.ask(device, { thingName: 'sensor-1' })).toMatchObject({
    status: 403,
    body: { message: 'Access Denied' },
  })
  expect((await fixture.ask(device)).status).toBe(403)
  fixture.registry.thingPrincipals.remove('camera-1', device.certificateId)
  expect((await fixture.ask(device, { thingName: 'camera-1' })).status).toBe(403)
})

test('one connection serves many requests, and sees a certificate that was revoked between them', async () => {
  const device = await fixture.addDevice('kept-alive')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const first = await fixture.ask(device, { agent })
  const second = await fixture.ask(device, { agent })
  expect([first.status, second.status]).toEqual([200, 200])
  expect(second.socket).toBe(first.socket)
  const record = fixture.registry.certificates.get(device.certificateId)
  if (record) fixture.registry.certificates.put(device.certificateId, { ...record, status: 'REVOKED' })
  expect((await fixture.ask(device, { agent })).status).toBe(403)
  agent.destroy()
})

test.skipIf(!isOnPath('curl'))('curl gets credentials with the CA file of the state folder (needs curl)', async () => {
  const device = await fixture.addDevice('curl')
  const certFile = join(fixture.folder, 'curl.pem')
  const keyFile = join(fixture.folder, 'curl.key')
  writeFileSync(certFile, device.cert)
  writeFileSync(keyFile, device.key)
  const url = `https://localhost:${fixture.port}/role-aliases/uploads/credentials`
  const { stdout } = await promisify(execFile)('curl', [
    '-sS',
    '--cert',
    certFile,
    '--key',
    keyFile,
    '--cacert',
    fixture.identity.caFile,
    url,
  ])
  expect(JSON.parse(stdout).credentials.accessKeyId).toMatch(/^ASIA/)
})
