import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import {
  DescribeCertificateCommand,
  IoTClient,
  ListCertificatesCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDevice } from '#device/index.ts'
import { createTestAuthority } from '#device/testing/certificates.ts'
import { countMessages } from './count-messages.ts'
import { eventually } from './eventually.ts'
import { hastenRedrive } from './hasten-redrive.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, registerDevice, tryToConnect } from './test-device.ts'

let cloud: TestCloud
let iot: IoTClient
let sqs: SQSClient
beforeAll(async () => {
  cloud = await startTestCloud()
  iot = new IoTClient(cloud.client())
  sqs = new SQSClient(cloud.client())
})
afterAll(() => cloud?.close())

test('the first connection is closed, a later one is accepted', async () => {
  const press = await enrollDevice(cloud, 'press-1')
  expect(await tryToConnect(press)).toBe('REGISTRATION_PENDING')
  await eventually('the connection is accepted', async () => (await tryToConnect(press)) === 'connected')
})

test('of two certificates for one thing the first to connect has it; the other is quarantined with the reason', async () => {
  const first = await enrollDevice(cloud, 'press-2')
  // A second claim from before the first device came: on another device, a clone.
  const { claimUrl } = await cloud.operator.claims.create({ thingName: 'press-2' })
  const dir = join(cloud.stateDir, 'devices', 'clone')
  const device = createDevice({ dir })
  await device.enroll({ claimUrl, caFile: cloud.cloud.caFile })

  await (await first.device.connect({ baseMs: 200, timeoutMs: 25_000 })).disconnect()
  const clone = { ...first, device, dir }
  expect(await tryToConnect(clone)).toBe('REGISTRATION_PENDING')
  const certificateId = await eventually('the clone’s certificate is inactive', async () => {
    const { certificates = [] } = await iot.send(new ListCertificatesCommand({}))
    return certificates.find(({ status }) => status === 'INACTIVE')?.certificateId
  })
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }))
  const chain = await readFile(join(dir, 'device.pem'), 'utf8')
  expect(chain).toContain(certificateDescription?.certificatePem?.trim())
  expect(await tryToConnect(first)).toBe('connected')
})

test('a thing that a certificate holds gets no further claim', async () => {
  await registerDevice(cloud, 'press-3')
  await expect(cloud.operator.claims.create({ thingName: 'press-3' })).rejects.toMatchObject({ code: 'THING_HELD' })
})

test('a certificate of an unknown CA is refused, and nothing is registered or queued', async () => {
  const before = await iot.send(new ListCertificatesCommand({}))
  const { cert, key } = await (await createTestAuthority('Foreign CA')).issueDevice('press-4')
  const { hostname, port } = new URL(`mqtt://${cloud.output('MqttEndpoint')}`)
  const socket = connect({
    host: hostname,
    servername: hostname,
    port: Number(port),
    ca: await readFile(cloud.cloud.caFile),
    cert,
    key,
  })
  socket.on('error', () => {})
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  // CONNECT of MQTT 3.1.1 with the client id press-4.
  socket.write(Buffer.from('101300044d5154540402003c000770726573732d34', 'hex'))
  await once(socket, 'close')
  expect(Buffer.concat(received)).toHaveLength(0)
  expect((await iot.send(new ListCertificatesCommand({}))).certificates).toEqual(before.certificates)
  expect(await countMessages(sqs, cloud.output('RegistrationQueueUrl'))).toBe(0)
})

test('echoes of an event, repeated and late, do not activate what was set inactive since', async () => {
  const press = await registerDevice(cloud, 'press-5')
  const { certificates = [] } = await iot.send(new ListCertificatesCommand({ ascendingOrder: false, pageSize: 1 }))
  const { certificateId } = certificates[0] ?? {}
  const event = {
    certificateId,
    caCertificateId: cloud.output('CaCertificateId'),
    timestamp: Date.now() - 60_000,
    certificateStatus: 'PENDING_ACTIVATION',
    awsAccountId: cloud.cloud.accountId,
    certificateRegistrationTimestamp: String(Date.now() - 60_000),
  }
  await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }))
  const QueueUrl = cloud.output('RegistrationQueueUrl')
  for (let sent = 0; sent < 30; sent++) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }))
  }
  await eventually('the queue is empty', async () => (await countMessages(sqs, QueueUrl)) === 0)
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }))
  expect(certificateDescription?.status).toBe('INACTIVE')
  expect(await tryToConnect(press)).not.toBe('connected')
})

test('a message that is no event goes to the dead letters, and the others are handled', async () => {
  const QueueUrl = cloud.output('RegistrationQueueUrl')
  await hastenRedrive(sqs, QueueUrl)
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"certificateId":"nonsense"}' }))
  await registerDevice(cloud, 'press-6')
  await eventually(
    'one dead letter',
    async () => (await countMessages(sqs, cloud.output('RegistrationDeadLettersUrl'))) === 1,
  )
})
