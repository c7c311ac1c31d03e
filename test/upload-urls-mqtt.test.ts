import { execFile } from 'node:child_process'
import { readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { uploadTopics } from '#contract/topics.ts'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import {
  createUploadResponseSchema,
  type UploadRejectedMessage,
  type UploadRequestMessage,
} from '#contract/uploads-api.ts'
import { connectMqtt, type MqttClient } from '#local/iot/testing/mqtt-client.ts'
import { eventually } from './eventually.ts'
import { hasProgram } from './has-program.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'
import { callUploadApi, describeFile, sendFile, withoutSignature } from './upload-urls-fixture.ts'

const script = join(import.meta.dirname, '../docs/upload-by-mqtt.sh')
const canRunScript = ['mosquitto_pub', 'mosquitto_sub', 'curl', 'openssl'].every((name) => hasProgram(name))

let cloud: TestCloud
let press1: TestDevice
const content = 'a,b\n1,2\n'

beforeAll(async () => {
  cloud = await startTestCloud()
  press1 = await registerDevice(cloud, 'press-1')
})
afterAll(async () => {
  press1?.device.close()
  await cloud?.close()
})

async function connectAs({ dir }: TestDevice, thing: string): Promise<MqttClient> {
  const [host = '', port = ''] = cloud.cloud.endpoints.mqtt.split(':')
  const [cert, key, ca] = await Promise.all(
    [join(dir, 'device.pem'), join(dir, 'device.key'), cloud.cloud.caFile].map((file) => readFile(file)),
  )
  const client = await connectMqtt({ host, port: Number(port), cert, key, ca })
  onTestFinished(() => client.end())
  client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: thing, clean: true, keepalive: 60 })
  expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0 })
  return client
}

/** A device that hears what it is answered. */
async function listen(device: TestDevice, thing: string) {
  const client = await connectAs(device, thing)
  const { create, accepted, rejected } = uploadTopics(thing)
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [accepted, rejected].map((topic) => ({ topic, qos: 0 })),
  })
  expect(await client.next()).toMatchObject({ cmd: 'suback', granted: [0, 0] })
  return {
    async ask(request: unknown) {
      const payload = typeof request === 'string' ? request : JSON.stringify(request)
      client.send({ cmd: 'publish', topic: create, payload, qos: 0, dup: false, retain: false })
      const answer = await client.next()
      if (answer.cmd !== 'publish') throw new Error(`${answer.cmd} came in place of an answer`)
      const outcome = answer.topic === accepted ? 'accepted' : 'rejected'
      return { outcome, message: JSON.parse(answer.payload.toString()) as Record<string, unknown> }
    },
  }
}

test('a device that cannot sign asks over MQTT, sends with the URL, and asks again', async () => {
  const { ask } = await listen(press1, 'press-1')
  const request: UploadRequestMessage = { ...describeFile('mqtt.csv', content), clientToken: 'one' }
  const { outcome, message } = await ask(request)
  expect(outcome).toBe('accepted')
  expect(message.clientToken).toBe('one')
  const upload = createUploadResponseSchema.parse(message)
  const second = createUploadResponseSchema.parse((await ask(request)).message)
  expect(withoutSignature(second)).toEqual(withoutSignature(upload))
  expect(upload.key).toMatch(/^things\/press-1\//)
  expect((await sendFile(upload, content)).status).toBe(200)
  await eventually('its arrival', async () => (await ask(request)).message.state === 'arrived')
  const { body } = await callUploadApi(cloud, await press1.device.credentials(), 'createUpload', {
    thing: 'press-1',
    headers: { 'idempotency-key': 'one' },
    body: describeFile('mqtt.csv', content),
  })
  expect(body).toMatchObject({ uploadId: upload.uploadId, state: 'arrived' })
})

test.each([
  ['not json', undefined],
  ['[]', undefined],
  [describeFile('a.csv', content), undefined],
  [{ ...describeFile('a.csv', content), clientToken: 1 }, undefined],
  [{ ...describeFile('a/b', content), clientToken: 't' }, 't'],
  [{ clientToken: 't', thing: 'press-2' }, 't'],
  [{ ...describeFile('a.csv', content), sizeBytes: maxSinglePutBytes + 1, clientToken: 't' }, 't'],
])('%j is rejected, with the token if it has one', async (request, clientToken) => {
  const { ask } = await listen(press1, 'press-1')
  const { outcome, message } = await ask(request)
  const rejection = message as unknown as UploadRejectedMessage
  expect({ outcome, code: rejection.code, clientToken: rejection.clientToken }).toEqual({
    outcome: 'rejected',
    code: 'REQUEST_INVALID',
    clientToken,
  })
  expect(rejection.requestId).toMatch(/^[0-9a-f-]{36}$/)
})

test('what the rule adds to a message cannot come from the device', async () => {
  const { ask } = await listen(press1, 'press-1')
  const forged = { ...describeFile('a.csv', content), clientToken: 't', principal: 'x', payload: 'x' }
  expect((await ask(forged)).message).toMatchObject({ code: 'REQUEST_INVALID', clientToken: 't' })
})

test.each(['publish', 'subscribe'] as const)('a device that would %s on topics of another is cut off', async (cmd) => {
  const client = await connectAs(press1, 'press-1')
  const { create, accepted } = uploadTopics('press-2')
  if (cmd === 'publish') client.send({ cmd, topic: create, payload: '{}', qos: 0, dup: false, retain: false })
  else client.send({ cmd, messageId: 1, subscriptions: [{ topic: accepted, qos: 0 }] })
  const answers = await client.closed()
  expect(answers.filter((packet) => packet.cmd !== 'suback')).toEqual([])
})

describe.skipIf(!canRunScript)('docs/upload-by-mqtt.sh (needs the mosquitto clients, curl and openssl)', () => {
  async function run(...args: string[]) {
    try {
      return await promisify(execFile)('sh', [script, ...args], { timeout: 50_000 })
    } catch (error) {
      const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number }
      return { stdout, stderr, code }
    }
  }

  test('sends a file once, however often it is asked to', async () => {
    const content = 'a,b\n1,2\n'
    const file = await press1.file("it's $a `file`.csv", content)
    expect(await run(file, press1.dir)).toEqual({ stdout: `sent ${file}\n`, stderr: '' })
    const { key } = await eventually('its row', async () => {
      const { uploads } = await cloud.operator.uploads.list({ thing: 'press-1' })
      return uploads.find((upload) => upload.key.endsWith('-it_s__a__file_.csv'))
    })
    const object = await new S3Client(cloud.client()).send(
      new GetObjectCommand({ Bucket: cloud.output('BucketName'), Key: key }),
    )
    expect(await object.Body?.transformToString()).toBe(content)
    expect(await run(file, press1.dir)).toEqual({ stdout: `${file} was there already\n`, stderr: '' })
  })

  test('says why there is no URL', async () => {
    const file = await press1.file('large.bin', '')
    await truncate(file, maxSinglePutBytes + 1)
    expect(await run(file, press1.dir)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^no URL: {"clientToken":"\w+","code":"REQUEST_INVALID","detail":"sizeBytes: over MQTT/,
      ),
    })
  })
})
