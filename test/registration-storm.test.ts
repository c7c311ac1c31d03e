import { IoTClient, ListCertificatesCommand } from '@aws-sdk/client-iot'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countMessages } from './count-messages.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, type TestDevice, tryToConnect } from './test-device.ts'

let cloud: TestCloud
let iot: IoTClient
let sqs: SQSClient
beforeAll(async () => {
  cloud = await startTestCloud({ quotas: 'aws' })
  iot = new IoTClient(cloud.client())
  sqs = new SQSClient(cloud.client())
})
afterAll(() => cloud?.close())

async function expectQuiet(): Promise<void> {
  const QueueUrl = cloud.output('RegistrationQueueUrl')
  await eventually('the queue is empty', async () => (await countMessages(sqs, QueueUrl)) === 0)
  expect(await countMessages(sqs, cloud.output('RegistrationDeadLettersUrl'))).toBe(0)
}

test('1,000 repeats of one event make one thing with one active certificate', async () => {
  const device = await enrollDevice(cloud, 'press-1')
  const certificateId = device.certificateId()
  const MessageBody = JSON.stringify({
    certificateId,
    caCertificateId: cloud.output('CaCertificateId'),
    timestamp: Date.now(),
    certificateStatus: 'PENDING_ACTIVATION',
    awsAccountId: cloud.cloud.accountId,
  })
  expect(await tryToConnect(device)).toBe('REGISTRATION_PENDING')
  const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: `${index}`, MessageBody }))
  const QueueUrl = cloud.output('RegistrationQueueUrl')
  await Promise.all(Array.from({ length: 100 }, () => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))))
  await expectQuiet()
  const { certificates = [] } = await iot.send(new ListCertificatesCommand({}))
  expect(certificates).toEqual([expect.objectContaining({ certificateId, status: 'ACTIVE' })])
  const { things } = await cloud.operator.things.list()
  expect(things).toEqual([expect.objectContaining({ thingName: 'press-1', state: 'active', certificateId })])
  expect(await tryToConnect(device)).toBe('connected')
})

test('60 new devices that connect at once within AWS’s rates are all registered', async () => {
  const devices: TestDevice[] = []
  for (let number = 0; number < 60; number++) devices.push(await enrollDevice(cloud, `storm-${number}`))
  await Promise.all(
    devices.map(async ({ device }) => (await device.connect({ baseMs: 500, timeoutMs: 25_000 })).disconnect()),
  )
  await expectQuiet()
  const { things } = await cloud.operator.things.list()
  expect(things.filter(({ thingName, state }) => thingName.startsWith('storm-') && state === 'active')).toHaveLength(60)
}, 180_000)
