import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIam, type Iam } from '#local/iam/create-iam.ts'
import { createDeviceAuthorizer } from '../device-permissions.ts'
import { createCertificateClassifier } from '../jitr/classify-certificate.ts'
import { createCertificateRecord } from '../registry/certificate-record.ts'
import { createRegistry } from '../registry/registry.ts'
import type { Registry } from '../registry/types.ts'
import { createServerIdentity, type ServerIdentity } from '../server-identity.ts'
import { createTestAuthority, type TestAuthority, type TestCertificate } from '../testing/certificates.ts'
import { createRole } from '../testing/create-role.ts'
import { isOnPath } from '../testing/is-on-path.ts'
import { attachPolicy } from '../testing/start-broker.ts'
import { type CredentialsProvider, createCredentialsProvider } from './credentials-provider.ts'

const place = { accountId: '123456789012', region: 'eu-west-1' }
const clock = () => new Date()
const folder = mkdtempSync(join(tmpdir(), 'credentials-'))
const log: string[] = []
const mayAssume = [{ Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: '*' }]

let registry: Registry
let iam: Iam
let identity: ServerIdentity
let authority: TestAuthority
let provider: CredentialsProvider
let port: number

beforeAll(async () => {
  registry = createRegistry({ folder, ...place, clock })
  iam = createIam({ folder, ...place, clock })
  identity = await createServerIdentity({ folder, clock })
  authority = await createTestAuthority('Fleet CA')
  provider = createCredentialsProvider({
    registry,
    identity,
    classify: createCertificateClassifier(registry),
    authorize: createDeviceAuthorizer(registry),
    assumeRole: iam.assumeRole,
    ...place,
    clock,
    log: (line) => void log.push(line),
  })
  port = await provider.listen(0)
  addAlias('uploads', await createRole(iam, { name: 'uploader', trusts: 'credentials.iot.amazonaws.com' }))
})
afterAll(async () => {
  await provider.close()
  registry.close()
  iam.close()
  rmSync(folder, { recursive: true })
})

function addAlias(roleAlias: string, roleArn: string, credentialDurationSeconds = 3600) {
  registry.roleAliases.put(roleAlias, {
    roleAlias,
    roleArn,
    credentialDurationSeconds,
    createdAtMs: 0,
    modifiedAtMs: 0,
  })
}

function addThing(thingName: string, about: { thingTypeName?: string; attributes?: Record<string, string> } = {}) {
  registry.things.put(thingName, { thingName, thingId: thingName, attributes: {}, version: 1, ...about })
}

async function addDevice(name: string, statements: readonly object[] = mayAssume) {
  const certificate = await authority.issue(name)
  const state = { status: 'ACTIVE', mode: 'SNI_ONLY' } as const
  registry.certificates.put(certificate.certificateId, createCertificateRecord(certificate.cert, state, clock()))
  attachPolicy(registry, `policy-${name}`, certificate.certificateId, statements)
  return certificate
}

interface Answer {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: { message?: string; credentials?: Record<string, string> }
  readonly socket: TLSSocket
}

function ask(
  certificate: Partial<TestCertificate>,
  { alias = 'uploads', thingName, method = 'GET', path = `/role-aliases/${alias}/credentials`, agent }: AskOptions = {},
): Promise<Answer> {
  const { cert, key } = certificate
  const headers = thingName === undefined ? {} : { 'x-amzn-iot-thingname': thingName }
  const tls = { host: 'localhost', port, cert, key, ca: identity.caCertificatePem }
  return new Promise((resolve, reject) => {
    const sent = request({ ...tls, path, method, headers, agent: agent ?? new Agent() }, async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('')
      const body = method === 'HEAD' ? {} : JSON.parse(text)
      resolve({ status: response.statusCode, headers: response.headers, body, socket: response.socket as TLSSocket })
    })
    sent.on('error', reject).end()
  })
}

interface AskOptions {
  alias?: string
  thingName?: string
  method?: string
  path?: string
  agent?: Agent
}

test('an active certificate gets credentials of the role, named after the thing', async () => {
  const device = await addDevice('good')
  addThing('good', { thingTypeName: 'sensor' })
  registry.thingPrincipals.add('good', device.certificateId)
  const { status, headers, body } = await ask(device, { thingName: 'good' })
  expect(status).toBe(200)
  expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
  expect(body.credentials).toEqual({
    accessKeyId: expect.stringMatching(/^ASIA/),
    secretAccessKey: expect.any(String),
    sessionToken: expect.any(String),
    expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  })
  const { accessKeyId = '', sessionToken, expiration = '' } = body.credentials ?? {}
  const { caller } = iam.credentials.find(accessKeyId, sessionToken)
  expect(caller.arn).toBe(`arn:aws:sts::123456789012:assumed-role/uploader/${device.certificateId}`)
  expect(caller.context).toMatchObject({
    'credentials-iot:ThingName': 'good',
    'credentials-iot:ThingTypeName': 'sensor',
    'credentials-iot:AwsCertificateId': device.certificateId,
  })
  expect(Date.parse(expiration) - Date.now()).toBeGreaterThan(3_590_000)
})

test('without the header the session does not carry a thing', async () => {
  const device = await addDevice('anonymous')
  const { status, body } = await ask(device)
  expect(status).toBe(200)
  const { caller } = iam.credentials.find(body.credentials?.accessKeyId ?? '', body.credentials?.sessionToken)
  expect(caller.context).not.toHaveProperty('credentials-iot:ThingName')
  expect(caller.context).toHaveProperty('credentials-iot:AwsCertificateId', device.certificateId)
})

test('each refusal has its status, its words and its headers', async () => {
  const device = await addDevice('refused')
  const powerless = await addDevice('powerless', [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }])
  addThing('someone-else')
  addAlias('no-role', 'arn:aws:iam::123456789012:role/missing')
  addAlias('distrusted', await createRole(iam, { name: 'for-lambda', trusts: 'lambda.amazonaws.com' }))
  addAlias('too-long', registry.roleAliases.get('uploads')?.roleArn ?? '', 7200)

  const expectRefusal = async (answer: Promise<Answer>, status: number, message: string, type: string) => {
    const { headers, ...rest } = await answer
    expect(rest).toMatchObject({ status, body: { message } })
    expect(headers['x-amzn-errortype']).toBe(type)
    expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers['content-type']).toBe('application/json')
  }
  const denied = 'AccessDeniedException'
  const notAssumable = 'Unable to assume the role, or the role to assume does not exist'
  await expectRefusal(ask(device, { thingName: 'someone-else' }), 403, 'Invalid thing name passed', denied)
  await expectRefusal(ask(device, { thingName: 'no-thing' }), 403, 'Invalid thing name passed', denied)
  await expectRefusal(ask(powerless), 403, 'Access Denied', denied)
  await expectRefusal(ask(device, { alias: 'none' }), 404, 'Role alias does not exist', 'ResourceNotFoundException')
  await expectRefusal(ask(device, { alias: '%zz' }), 404, 'Role alias does not exist', 'ResourceNotFoundException')
  await expectRefusal(ask(device, { alias: 'no-role' }), 400, notAssumable, 'InvalidRequestException')
  await expectRefusal(ask(device, { alias: 'distrusted' }), 400, notAssumable, 'InvalidRequestException')
  await expectRefusal(
    ask(device, { alias: 'too-long' }),
    400,
    'The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for the role',
    'InvalidRequestException',
  )
  await expectRefusal(ask(device, { path: '/' }), 404, 'Not Found', 'ResourceNotFoundException')
  await expectRefusal(ask(device, { method: 'POST' }), 405, 'Method Not Allowed', 'MethodNotAllowedException')
})

test.each(['INACTIVE', 'REVOKED', 'PENDING_ACTIVATION'] as const)(
  'a certificate that is %s is invalid',
  async (status) => {
    const device = await addDevice(`was-active-${status}`)
    const record = registry.certificates.get(device.certificateId)
    if (record) registry.certificates.put(device.certificateId, { ...record, status })
    expect(await ask(device)).toMatchObject({
      status: 403,
      body: { message: 'Certificate is invalid on this endpoint' },
    })
  },
)

test('no certificate, an unregistered one and a stranger are invalid; nothing is registered', async () => {
  const unregistered = await authority.issue('unregistered')
  for (const certificate of [{}, unregistered, await (await createTestAuthority('Fleet CA')).issue('stranger')]) {
    expect(await ask(certificate)).toMatchObject({
      status: 403,
      body: { message: 'Certificate is invalid on this endpoint' },
    })
  }
  expect(registry.certificates.get(unregistered.certificateId)).toBeUndefined()
})

test('the conditions on owner, type and attachment each matter', async () => {
  const condition = {
    StringEquals: {
      'iot:Connection.Thing.Attributes[Owner]': 'workshop',
      'iot:Connection.Thing.ThingTypeName': 'camera',
    },
    Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
  }
  const device = await addDevice('conditional', [
    {
      Effect: 'Allow',
      Action: 'iot:AssumeRoleWithCertificate',
      Resource: 'arn:aws:iot:eu-west-1:123456789012:rolealias/uploads',
      Condition: condition,
    },
  ])
  addThing('camera-1', { thingTypeName: 'camera', attributes: { Owner: 'workshop' } })
  addThing('camera-2', { thingTypeName: 'camera', attributes: { Owner: 'kitchen' } })
  addThing('sensor-1', { thingTypeName: 'sensor', attributes: { Owner: 'workshop' } })
  for (const thing of ['camera-1', 'camera-2', 'sensor-1']) registry.thingPrincipals.add(thing, device.certificateId)

  expect((await ask(device, { thingName: 'camera-1' })).status).toBe(200)
  expect(await ask(device, { thingName: 'camera-2' })).toMatchObject({
    status: 403,
    body: { message: 'Access Denied' },
  })
  expect(await ask(device, { thingName: 'sensor-1' })).toMatchObject({
    status: 403,
    body: { message: 'Access Denied' },
  })
  expect((await ask(device)).status).toBe(403)
  registry.thingPrincipals.remove('camera-1', device.certificateId)
  expect((await ask(device, { thingName: 'camera-1' })).status).toBe(403)
})

test('one connection serves many requests, and sees a certificate that was revoked between them', async () => {
  const device = await addDevice('kept-alive')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const first = await ask(device, { agent })
  const second = await ask(device, { agent })
  expect([first.status, second.status]).toEqual([200, 200])
  expect(second.socket).toBe(first.socket)
  const record = registry.certificates.get(device.certificateId)
  if (record) registry.certificates.put(device.certificateId, { ...record, status: 'REVOKED' })
  expect((await ask(device, { agent })).status).toBe(403)
  agent.destroy()
})

test.skipIf(!isOnPath('curl'))('curl gets credentials with the CA file of the state folder (needs curl)', async () => {
  const device = await addDevice('curl')
  const certFile = join(folder, 'curl.pem')
  const keyFile = join(folder, 'curl.key')
  writeFileSync(certFile, device.cert)
  writeFileSync(keyFile, device.key)
  const url = `https://localhost:${port}/role-aliases/uploads/credentials`
  const { stdout } = await promisify(execFile)('curl', [
    '-sS',
    '--cert',
    certFile,
    '--key',
    keyFile,
    '--cacert',
    identity.caFile,
    url,
  ])
  expect(JSON.parse(stdout).credentials.accessKeyId).toMatch(/^ASIA/)
})
