import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGateway, type Gateway } from '#local/gateway/gateway.ts'
import { createIam, type Iam } from '#local/iam/create-iam.ts'
import { createSqs } from '#local/sqs/create-sqs.ts'
import { createIotDataPlane, type IotDataPlane } from './data-plane.ts'
import { createRegistry } from './registry/registry.ts'
import type { Registry } from './registry/types.ts'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { callOf, createRole } from './testing/create-role.ts'
import { isOnPath } from './testing/is-on-path.ts'
import { connectMqtt } from './testing/mqtt-client.ts'
import { attachPolicy, registerAuthority } from './testing/start-broker.ts'

const place = { accountId: '123456789012', region: 'eu-west-1' }
const clock = () => new Date()
const folder = mkdtempSync(join(tmpdir(), 'data-plane-'))
const log: string[] = []

let registry: Registry
let iam: Iam
let sqs: ReturnType<typeof createSqs>
let plane: IotDataPlane
let gateway: Gateway
let authority: TestAuthority
let ports: { mqtt: number; credentials: number }
let gatewayPort: number

beforeAll(async () => {
  registry = createRegistry({ folder, ...place, clock })
  iam = createIam({ folder, ...place, clock })
  sqs = createSqs({ folder, ...place, clock, endpoint: () => `http://127.0.0.1:${gatewayPort}` })
  plane = await createIotDataPlane({
    folder,
    registry,
    sqs: sqs.operations,
    lambda: {},
    authorizer: iam.authorizer,
    assumeRole: iam.assumeRole,
    ...place,
    clock,
    log: (line) => void log.push(line),
  })
  ports = await plane.listen({ mqtt: 0, credentials: 0 })
  gateway = createGateway({
    services: { iotdata: plane.service },
    credentials: iam.credentials,
    authorizer: iam.authorizer,
    ...place,
    clock,
  })
  gatewayPort = await gateway.listen(0)
  authority = await createTestAuthority('Fleet CA')
  registerAuthority(registry, authority.pem)
})
afterAll(async () => {
  await gateway.close()
  await plane.close()
  sqs.close()
  iam.close()
  registry.close()
  rmSync(folder, { recursive: true })
})

function connectPacket(clientId: string) {
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 60 } as const
}

test('a first connection reaches the queue of the rule on registration events before the connection ends', async () => {
  const created = await sqs.operations.CreateQueue?.({ QueueName: 'registrations' }, callOf(iam))
  const { QueueUrl: queueUrl } = created as { QueueUrl: string }
  const roleArn = await createRole(iam, {
    name: 'registrations',
    trusts: 'iot.amazonaws.com',
    statements: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }],
  })
  const sql = "SELECT *, topic(5) AS ca FROM '$aws/events/certificates/registered/+'"
  const payload = { sql, actions: [{ sqs: { queueUrl, roleArn } }] }
  registry.topicRules.put('registrations', { ruleName: 'registrations', payload, createdAtMs: 0 })

  const certificate = await authority.issue('lamp')
  const { cert, key } = certificate
  const client = await connectMqtt({ port: ports.mqtt, cert, key, ca: readFileSync(plane.caFile) })
  client.send(connectPacket('lamp'))
  await client.closed()
  const received = await sqs.operations.ReceiveMessage?.({ QueueUrl: queueUrl }, callOf(iam))
  const { Messages = [] } = (received ?? {}) as { Messages?: { Body: string }[] }
  expect(JSON.parse(Messages[0]?.Body ?? '')).toMatchObject({
    certificateId: certificate.certificateId,
    certificateStatus: 'PENDING_ACTIVATION',
    ca: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

test('the HTTPS API publishes to devices, as far as the caller may', async () => {
  const certificate = await authority.issue('reader')
  registry.registerPending(certificate.cert, 'unused')
  const record = registry.certificates.get(certificate.certificateId)
  if (record) registry.certificates.put(certificate.certificateId, { ...record, status: 'ACTIVE' })
  attachPolicy(registry, 'reader', certificate.certificateId, [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }])
  const { cert, key } = certificate
  const client = await connectMqtt({ port: ports.mqtt, cert, key, ca: plane.caCertificatePem })
  client.send(connectPacket('reader'))
  await client.next()
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'from/api', qos: 1 }] })
  await client.next()

  const publish = plane.operations.Publish
  await publish?.({ topic: 'from/api', qos: 1, payload: Buffer.from('hello') }, callOf(iam))
  expect(await client.next()).toMatchObject({ cmd: 'publish', topic: 'from/api', qos: 1 })
  const roleArn = await createRole(iam, { name: 'powerless', trusts: 'lambda.amazonaws.com' })
  const powerless = iam.assumeRole({ roleArn, sessionName: 'test', principal: 'lambda.amazonaws.com' })
  await expect(publish?.({ topic: 'from/api' }, callOf(iam, powerless.caller))).rejects.toMatchObject({
    code: 'AccessDenied',
  })
  await expect(publish?.({ topic: 'a/#' }, callOf(iam))).rejects.toMatchObject({ code: 'InvalidRequestException' })
  await expect(publish?.({ topic: 'a', contentType: 'x' }, callOf(iam))).rejects.toMatchObject({
    code: 'NotImplemented',
  })
  client.end()
})

test.skipIf(!isOnPath('aws'))('aws iot-data publishes and reads retained messages (needs the AWS CLI)', async () => {
  const { accessKeyId, secretAccessKey } = iam.operatorCredentials()
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: place.region,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
  const payloadFile = join(folder, 'payload')
  writeFileSync(payloadFile, 'on')
  const aws = async (...parameters: string[]) => {
    const endpoint = ['--endpoint-url', `http://127.0.0.1:${gatewayPort}`]
    const { stdout } = await promisify(execFile)('aws', ['iot-data', ...parameters, ...endpoint], { env })
    return stdout === '' ? undefined : JSON.parse(stdout)
  }
  await aws('publish', '--topic', 'lamps/1/state', '--qos', '1', '--retain', '--payload', `fileb://${payloadFile}`)
  expect(await aws('get-retained-message', '--topic', 'lamps/1/state')).toEqual({
    topic: 'lamps/1/state',
    payload: Buffer.from('on').toString('base64'),
    qos: 1,
    lastModifiedTime: expect.any(Number),
  })
})

test('a topic without a retained message is a resource that is not found', () => {
  expect(() => plane.operations.GetRetainedMessage?.({ topic: 'none' }, callOf(iam))).toThrow(
    expect.objectContaining({ code: 'ResourceNotFoundException', status: 404 }),
  )
})

test('retained messages are listed page by page', async () => {
  for (const topic of ['page/1', 'page/2', 'page/3']) {
    await plane.operations.Publish?.({ topic, retain: true, payload: Buffer.from(topic) }, callOf(iam))
  }
  const topics: string[] = []
  let nextToken: string | undefined
  do {
    const page = plane.operations.ListRetainedMessages?.({ maxResults: 2, nextToken }, callOf(iam))
    const { retainedTopics, nextToken: next } = page as { retainedTopics: { topic: string }[]; nextToken?: string }
    topics.push(...retainedTopics.map(({ topic }) => topic))
    nextToken = next
  } while (nextToken)
  expect(topics.filter((topic) => topic.startsWith('page/'))).toEqual(['page/1', 'page/2', 'page/3'])
})
