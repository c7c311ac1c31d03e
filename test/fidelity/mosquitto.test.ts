import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasProgram } from '../has-program.ts'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'
import { createDevice } from './foreign-device.ts'

const hasMosquitto = hasProgram('mosquitto_pub') && hasProgram('mosquitto_sub')
let foreign: ForeignCloud
let connection: string[]

beforeAll(async () => {
  foreign = await startForeignCloud()
  const { cloud, folder } = foreign
  const { certificatePem, privateKeyPem } = await createDevice(cloud, {
    thingName: 'cam',
    statements: [
      { Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe', 'iot:Receive', 'iot:RetainPublish'], Resource: '*' },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: `arn:aws:iot:*:*:topic/cam/*` },
    ],
  })
  const [cert, key] = [join(folder, 'cam.pem'), join(folder, 'cam.key')]
  await Promise.all([writeFile(cert, certificatePem), writeFile(key, privateKeyPem)])
  const [host = '', port = ''] = cloud.endpoints.mqtt.split(':')
  connection = ['-h', host, '-p', port, '--cafile', cloud.caFile, '--cert', cert, '--key', key, '-q', '1']
})
afterAll(() => foreign?.close())

const publish = (...args: string[]) => foreign.run('mosquitto_pub', [...connection, ...args])
/** Ends by itself after so many messages, or after ten seconds. */
const receive = (count: number, ...args: string[]) =>
  foreign.run('mosquitto_sub', [...connection, '-v', '-C', `${count}`, '-W', '10', ...args])

test.skipIf(!hasMosquitto)('mosquitto_sub gets what came while it was away (needs the mosquitto clients)', async () => {
  const session = ['-c', '-i', 'reader', '-t', 'cam/#']
  await foreign.run('mosquitto_sub', [...connection, ...session, '-E'])
  await publish('-t', 'cam/1', '-m', 'one')
  await publish('-t', 'cam/2', '-m', 'two', '-V', 'mqttv311')
  expect(await receive(2, ...session)).toBe('cam/1 one\ncam/2 two\n')
})

test.skipIf(!hasMosquitto)('a retained message waits for mosquitto_sub (needs the mosquitto clients)', async () => {
  await publish('-t', 'cam/kept', '-m', 'kept', '-r')
  expect(await receive(1, '-t', 'cam/kept')).toBe('cam/kept kept\n')
})

test.skipIf(!hasMosquitto)(
  'mosquitto_pub is dropped for what its policy lacks (needs the mosquitto clients)',
  async () => {
    await expect(publish('-t', 'other/1', '-m', 'x')).rejects.toThrow('connection was lost')
    await expect(publish('-t', 'cam/1', '-m', 'x', '-V', 'mqttv5')).rejects.toThrow(/protocol version/i)
  },
)
