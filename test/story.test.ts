import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DescribeThingCommand, IoTClient, ListThingPrincipalsCommand } from '@aws-sdk/client-iot'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Upload } from '#contract/api.ts'
import { runProgram } from '../start/run-program.ts'
import { playStory } from '../start/story.ts'
import { hasProgram } from './has-program.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'

const run = promisify(execFile)
const thingNames = ['press-1', 'press-2', 'weather:roof_3']
const printed: string[] = []

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud?.close())

async function listUploads(): Promise<Upload[]> {
  return [...(await cloud.operator.uploads.list()).uploads]
}

const deviceFolder = (thingName: string) => join(cloud.stateDir, 'devices', thingName)

test('three devices with nothing but a claim end as rows in the upload log', async () => {
  await playStory({
    operator: cloud.environment,
    caFile: cloud.cloud.caFile,
    folder: join(cloud.stateDir, 'devices'),
    thingNames,
    print: (line) => printed.push(line),
    logDeadlineMs: 15_000,
  })
  const uploads = await listUploads()
  expect(uploads.map(({ thingName }) => thingName).sort()).toEqual(thingNames)
}, 60_000)

test('a first connection says that the registration is pending', () => {
  for (const thingName of thingNames) {
    expect(printed).toContainEqual(expect.stringMatching(`${thingName}  registration pending, retrying in`))
  }
})

test('each row says what came from whom, and the object is what the device has', async () => {
  const s3 = new S3Client(cloud.client())
  for (const upload of await listUploads()) {
    const dir = deviceFolder(upload.thingName ?? '')
    const [file = ''] = await readdir(join(dir, 'readings'))
    const content = await readFile(join(dir, 'readings', file))
    const certificate = new X509Certificate(await readFile(join(dir, 'device.pem')))
    expect(upload).toMatchObject({
      event: 'created',
      sizeBytes: content.length,
      etag: createHash('md5').update(content).digest('hex'),
      certificateId: createHash('sha256').update(certificate.raw).digest('hex'),
    })
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: cloud.output('BucketName'), Key: upload.key, VersionId: upload.versionId }),
    )
    expect(Buffer.from((await Body?.transformToByteArray()) ?? [])).toEqual(content)
  }
})

test('each thing stands in AWS IoT with its type and one certificate', async () => {
  const iot = new IoTClient(cloud.client())
  for (const thingName of thingNames) {
    expect(await iot.send(new DescribeThingCommand({ thingName }))).toMatchObject({
      thingTypeName: cloud.output('ThingTypeName'),
    })
    const { principals } = await iot.send(new ListThingPrincipalsCommand({ thingName }))
    expect(principals).toHaveLength(1)
  }
})

test('things list shows each thing as active, by name', async () => {
  const things = JSON.parse(await runProgram('thingdrop', ['things', 'list', '--output', 'json'], cloud))
  expect(things.things).toEqual(thingNames.map((thingName) => expect.objectContaining({ thingName, state: 'active' })))
})

test('a key is made on the device, for its owner alone', async () => {
  for (const thingName of thingNames) {
    expect((await stat(join(deviceFolder(thingName), 'device.key'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(deviceFolder(thingName), 'device.pem'), 'utf8')).not.toContain('PRIVATE')
  }
})

test('a second run goes on with the devices of the first', async () => {
  const again = thingNames.slice(0, 1)
  await playStory({
    operator: cloud.environment,
    caFile: cloud.cloud.caFile,
    folder: join(cloud.stateDir, 'devices'),
    thingNames: again,
    print: () => {},
    logDeadlineMs: 15_000,
  })
  expect(await listUploads()).toHaveLength(thingNames.length + 1)
}, 60_000)

test.skipIf(!hasProgram('aws'))(
  'the AWS CLI sees the bucket and the things (needs the AWS CLI)',
  async () => {
    const options = { env: { ...process.env, ...cloud.environment } }
    const listed = await run('aws', ['s3', 'ls', '--recursive', `s3://${cloud.output('BucketName')}`], options)
    for (const thingName of thingNames) expect(listed.stdout).toContain(`things/${thingName}/`)
    const { stdout } = await run('aws', ['iot', 'list-things', '--output', 'json'], options)
    expect(
      JSON.parse(stdout)
        .things.map((thing: { thingName: string }) => thing.thingName)
        .sort(),
    ).toEqual(thingNames)
  },
  60_000,
)

test.skipIf(!hasProgram('curl'))('curl trades a device’s certificate for credentials (needs curl)', async () => {
  const dir = deviceFolder('press-1')
  const { stdout } = await run('curl', [
    ...['--silent', '--show-error', '--fail', '--cert', join(dir, 'device.pem'), '--key', join(dir, 'device.key')],
    ...['--cacert', cloud.cloud.caFile, '-H', 'x-amzn-iot-thingname: press-1'],
    `${cloud.cloud.endpoints.credentials}/role-aliases/${cloud.output('RoleAlias')}/credentials`,
  ])
  expect(JSON.parse(stdout).credentials).toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/) })
})
