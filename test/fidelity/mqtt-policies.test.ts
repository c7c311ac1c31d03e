import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateThingTypeCommand } from '@aws-sdk/client-iot'
import type { mqtt } from 'aws-iot-device-sdk-v2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestCloud, type TestCloud } from '../test-cloud.ts'
import { registerDevice } from '../test-device.ts'
import { type Attempt, attemptMqtt } from './attempt-mqtt.ts'
import { createDevice, type Identity, iotClient, mayDoAll, type NewDevice, openConnection } from './foreign-device.ts'

let stack: TestCloud
/** A device of the stack, registered by its first connection. */
let press1: Identity
let all: Identity
let speaker: mqtt.MqttClientConnection
const endings: Promise<void>[] = []

beforeAll(async () => {
  stack = await startTestCloud()
  const { cloud } = stack
  const { dir, device } = await registerDevice(stack, 'press-1')
  device.close()
  const [certificatePem, privateKeyPem] = await Promise.all(
    ['device.pem', 'device.key'].map((name) => readFile(join(dir, name), 'utf8')),
  )
  press1 = { certificatePem: certificatePem ?? '', privateKeyPem: privateKeyPem ?? '' }
  all = await createDevice(cloud, { thingName: 'all', statements: mayDoAll })
  speaker = openConnection(cloud, all, { clientId: 'speaker' })
  await speaker.connect()
  for (const thingTypeName of ['camera', 'lamp']) {
    await iotClient(cloud).send(new CreateThingTypeCommand({ thingTypeName }))
  }
})
afterAll(async () => {
  await Promise.all([speaker?.disconnect(), ...endings])
  await stack?.close()
})

async function isAllowed(identity: Identity, clientId: string, attempt: Attempt): Promise<boolean> {
  const { allowed, ended } = await attemptMqtt(attempt, { cloud: stack.cloud, identity, clientId, speaker })
  endings.push(ended)
  return allowed
}

const own = 'thingdrop/things/press-1'

test.for<[Attempt, boolean]>([
  [{ connectAs: 'press-1' }, true],
  [{ connectAs: 'press-10' }, false],
  [{ connectAs: 'all' }, false],
  [{ will: `${own}/gone` }, true],
  [{ will: 'thingdrop/things/press-10/gone' }, false],
  [{ will: 'gone' }, false],
  [{ publish: `${own}/state` }, true],
  [{ publish: `${own}/a/b/c` }, true],
  [{ publish: own }, false],
  [{ publish: 'thingdrop/things/press-10/state' }, false],
  [{ publish: 'thingdrop/state' }, false],
  [{ publish: '$aws/events/certificates/registered/x' }, false],
  [{ publish: `${own}/state`, retain: true }, false],
  [{ subscribe: `${own}/#` }, true],
  [{ subscribe: `${own}/+/x` }, true],
  [{ subscribe: 'thingdrop/things/+/state' }, false],
  [{ subscribe: 'thingdrop/things/#' }, false],
  [{ subscribe: '#' }, false],
  [{ subscribe: 'thingdrop/things/press-10/#' }, false],
  [{ subscribe: '$aws/events/#' }, false],
  [{ receive: `${own}/command`, through: `${own}/#`, end: `${own}/end` }, true],
])('by the stack’s policy, a device may %j: %s', async ([attempt, expected]) => {
  expect(await isAllowed(press1, 'press-1', attempt)).toBe(expected)
})

const arn = 'arn:aws:iot:us-east-1:000000000000'
const allow = (Action: string | string[], Resource: string, Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})
const deny = (Action: string, Resource: string) => ({ Effect: 'Deny', Action, Resource })
const condition = (operator: string, key: string, value: string) => ({ [operator]: { [key]: value } })
const ofAnna = condition('StringEquals', 'iot:Connection.Thing.Attributes[Owner]', 'anna')
const isCamera = condition('StringEquals', 'iot:Connection.Thing.ThingTypeName', 'camera')
const isAttached = condition('Bool', 'iot:Connection.Thing.IsAttached', 'true')
const connect = allow('iot:Connect', `${arn}:client/*`)

interface Row extends Omit<NewDevice, 'thingName'> {
  readonly attempts: readonly (readonly [Attempt, boolean])[]
}

/** Devices by thing name. */
const table: Readonly<Record<string, Row>> = {
  'no-policy-for-it': {
    statements: [allow('iot:Publish', '*')],
    attempts: [[{ connectAs: 'no-policy-for-it' }, false]],
  },
  'another-client': {
    statements: [allow('iot:Connect', `${arn}:client/someone-else`)],
    attempts: [
      [{ connectAs: 'someone-else' }, true],
      [{ connectAs: 'another-client' }, false],
    ],
  },
  'owned-by-anna': {
    attributes: { Owner: 'anna' },
    statements: [allow('iot:Connect', '*', ofAnna)],
    attempts: [
      [{ connectAs: 'owned-by-anna' }, true],
      [{ connectAs: 'nobody' }, false],
    ],
  },
  'owned-by-ben': {
    attributes: { Owner: 'ben' },
    statements: [allow('iot:Connect', '*', ofAnna)],
    attempts: [[{ connectAs: 'owned-by-ben' }, false]],
  },
  'a-camera': {
    thingTypeName: 'camera',
    statements: [allow('iot:Connect', '*', isCamera)],
    attempts: [[{ connectAs: 'a-camera' }, true]],
  },
  'a-lamp': {
    thingTypeName: 'lamp',
    statements: [allow('iot:Connect', '*', isCamera)],
    attempts: [[{ connectAs: 'a-lamp' }, false]],
  },
  'not-attached': {
    attached: false,
    statements: [allow('iot:Connect', '*', isAttached)],
    attempts: [[{ connectAs: 'not-attached' }, false]],
  },
  'denied-one-topic': {
    statements: [...mayDoAll, deny('iot:Publish', `${arn}:topic/secret/*`)],
    attempts: [
      [{ publish: 'open/1' }, true],
      [{ publish: 'secret/1' }, false],
      [{ will: 'secret/1' }, false],
    ],
  },
  'by-client-id': {
    statements: [connect, allow('iot:Publish', `${arn}:topic/out/\${iot:ClientId}/?`)],
    attempts: [
      [{ publish: 'out/by-client-id/1' }, true],
      [{ publish: 'out/by-client-id/12' }, false],
      [{ publish: 'out/another/1' }, false],
    ],
  },
  'by-attribute': {
    attributes: { Site: 'hall' },
    statements: [
      connect,
      allow(['iot:Publish', 'iot:Receive'], `${arn}:topic/site/\${iot:Connection.Thing.Attributes[Site]}/*`),
      allow('iot:Subscribe', `${arn}:topicfilter/site/*`),
    ],
    attempts: [
      [{ publish: 'site/hall/1' }, true],
      [{ publish: 'site/yard/1' }, false],
      [{ receive: 'site/hall/1', through: 'site/#', end: 'site/hall/2' }, true],
      [{ receive: 'site/yard/1', through: 'site/#', end: 'site/hall/2' }, false],
    ],
  },
  'no-such-attribute': {
    statements: [connect, allow('iot:Publish', `${arn}:topic/site/\${iot:Connection.Thing.Attributes[Site]}/*`)],
    attempts: [
      [{ publish: 'site//1' }, false],
      [{ publish: 'site/hall/1' }, false],
    ],
  },
  'literal-filter': {
    statements: [connect, allow('iot:Subscribe', `${arn}:topicfilter/room/+/light`)],
    attempts: [
      [{ subscribe: 'room/+/light' }, true],
      [{ subscribe: 'room/1/light' }, false],
      [{ subscribe: 'room/#' }, false],
    ],
  },
  'topic-is-no-filter': {
    statements: [connect, allow(['iot:Subscribe', 'iot:Receive'], `${arn}:topic/*`)],
    attempts: [[{ subscribe: 'a' }, false]],
  },
  'may-retain': {
    statements: [connect, allow(['iot:Publish', 'iot:RetainPublish'], `${arn}:topic/kept`)],
    attempts: [[{ publish: 'kept', retain: true }, true]],
  },
}

test.for(Object.entries(table))('policies of a table: %s', async ([thingName, { attempts, ...device }]) => {
  const identity = await createDevice(stack.cloud, { thingName, ...device })
  for (const [attempt, expected] of attempts) {
    expect(await isAllowed(identity, thingName, attempt), JSON.stringify(attempt)).toBe(expected)
  }
})
