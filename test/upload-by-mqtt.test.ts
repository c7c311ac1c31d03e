import { execFile } from 'node:child_process'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import { eventually } from './eventually.ts'
import { hasProgram } from './has-program.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'

const script = join(import.meta.dirname, '../docs/upload-by-mqtt.sh')
const canRun = ['mosquitto_pub', 'mosquitto_sub', 'curl', 'openssl'].every(hasProgram)

describe.skipIf(!canRun)('docs/upload-by-mqtt.sh (needs the mosquitto clients, curl and openssl)', () => {
  let cloud: TestCloud
  let press1: TestDevice
  beforeAll(async () => {
    cloud = await startTestCloud()
    press1 = await registerDevice(cloud, 'press-1')
    press1.device.close()
  })
  afterAll(() => cloud?.close())

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
    const rows = await eventually('its row', async () => {
      const { uploads } = await cloud.operator.uploads.list({ thing: 'press-1' })
      return uploads.length > 0 && uploads
    })
    const [{ key = '' } = {}] = rows
    expect(key).toMatch(/-it_s__a__file_.csv$/)
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
