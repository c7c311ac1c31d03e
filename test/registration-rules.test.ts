import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DescribeThingCommand, IoTClient, ListThingGroupsForThingCommand } from '@aws-sdk/client-iot'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDevice } from '#device/index.ts'
import { createTestAuthority, type KeyAndCertificate } from '#device/testing/certificates.ts'
import { createUploadLog } from '#functions/stores/upload-log.ts'
import { synthesize } from '../start/synthesize.ts'
import { eventually } from './eventually.ts'
import { certificateIdOf, makeFactoryDevice } from './factory-device.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { patience, registerDevice, tryToConnect } from './test-device.ts'

const settings = {
  registration: {
    accept: 'registered-ca',
    thingNames: 'm-*',
    subject: { thingTypeName: 'OU', thingGroupName: 'O', attributes: { site: 'L' } },
    deny: { things: ['m-evil-*'] },
  },
  thingTypes: ['meter', 'camera'],
  thingGroups: ['north'],
  certificateValidityDays: 30,
  uploadLog: { keepDays: 7 },
}

let cloud: TestCloud
let iot: IoTClient
let settingsFolder: string
beforeAll(async () => {
  settingsFolder = await mkdtemp(join(tmpdir(), 'thingdrop-settings-'))
  const file = join(settingsFolder, 'settings.json')
  await writeFile(file, JSON.stringify(settings))
  cloud = await startTestCloud({ assembly: await synthesize(file) })
  iot = new IoTClient(cloud.client())
}, 120_000)
afterAll(async () => {
  await cloud?.close()
  await rm(settingsFolder, { recursive: true })
})

async function reasonOf(certificateId: string): Promise<string | undefined> {
  return eventually('it is quarantined', async () => {
    const { certificates } = await cloud.operator.certificates.list({ state: 'quarantined' })
    return certificates.find((certificate) => certificate.certificateId === certificateId)?.reason
  })
}

test('certificates of a registered CA register as their subject says, and what the rules refuse is quarantined', async () => {
  const maker = await createTestAuthority('Maker CA')
  const { caCertificates, certificates } = cloud.operator
  await caCertificates.register({ certificatePem: maker.pem })
  const pattern = await registerDevice(cloud, 'm-0')

  const subject = [{ OU: ['camera'] }, { O: ['north'] }, { L: ['Turin'] }]
  const good = await makeFactoryDevice(cloud, 'm-1', await maker.issueDevice('m-1', {}, subject), pattern)
  await (await good.device.connect(patience)).disconnect()
  const thing = await iot.send(new DescribeThingCommand({ thingName: 'm-1' }))
  expect(thing).toMatchObject({ thingTypeName: 'camera', attributes: { site: 'Turin' } })
  const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName: 'm-1' }))
  expect(thingGroups.map(({ groupName }) => groupName)).toEqual(['north'])
  await good.device.upload(await good.file('a.csv', 'a'))

  const toaster = [{ OU: ['toaster'] }]
  const refused: [string, KeyAndCertificate, string][] = [
    ['m-evil-1', await maker.issueDevice('m-evil-1'), 'CERTIFICATE_DENIED'],
    ['x-1', await maker.issueDevice('x-1'), 'THING_NAME_REFUSED'],
    ['m-2', await maker.issueDevice('m-2', {}, toaster), 'THING_TYPE_UNKNOWN'],
    ['m 3', await maker.issueDevice('m 3'), 'THING_NAME_INVALID'],
    ['m-1', await maker.issueDevice('m-1', {}, subject), 'THING_HELD'],
  ]
  for (const [name, pair, reason] of refused) {
    const device = await makeFactoryDevice(cloud, name, pair, pattern)
    expect(await tryToConnect(device), name).toBe('REGISTRATION_PENDING')
    expect(await reasonOf(certificateIdOf(pair.cert)), name).toBe(reason)
  }
  const nameless = certificateIdOf(refused[3]?.[1].cert ?? '')
  await expect(certificates.approve(nameless)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  await certificates.approve(nameless, { thingName: 'm-3' })
  await eventually('it registers', async () => (await certificates.show(nameless)).state === 'active')
  expect(await cloud.operator.things.show('m-3')).toMatchObject({ state: 'active', certificateId: nameless })
})

test('claims are refused for what could never register', async () => {
  const { claims } = cloud.operator
  for (const [request, code] of [
    [{ thingName: 'x-9' }, 'THING_NAME_REFUSED'],
    [{ thingName: 'm-evil-9' }, 'THING_NAME_REFUSED'],
    [{ thingName: 'm-9', thingTypeName: 'toaster' }, 'THING_TYPE_UNKNOWN'],
    [{ thingName: 'm-9', thingGroupName: 'south' }, 'THING_GROUP_UNKNOWN'],
  ] as const) {
    await expect(claims.create(request)).rejects.toMatchObject({ code })
  }
  const { claimUrl } = await claims.create({
    thingName: 'm-9',
    thingTypeName: 'camera',
    thingGroupName: 'north',
    attributes: { site: 'Nuremberg' },
  })
  const device = createDevice({ dir: join(cloud.stateDir, 'devices', 'm-9') })
  const configuration = await device.enroll({ claimUrl, caFile: cloud.cloud.caFile }, patience)
  expect(configuration.thingTypeName).toBe('camera')
  await (await device.connect(patience)).disconnect()
  const thing = await iot.send(new DescribeThingCommand({ thingName: 'm-9' }))
  expect(thing).toMatchObject({ thingTypeName: 'camera', attributes: { site: 'Nuremberg' } })
})

test('rows of the upload log end when the settings say so', async () => {
  const dynamodb = new DynamoDBClient(cloud.client())
  const TableName = cloud.output('UploadLogTable')
  const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName }))
  expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'deleteAt', TimeToLiveStatus: 'ENABLED' })
  const Key = 'things/m-0/2026-05-01/00000000000000cc-a.csv'
  await new S3Client(cloud.client()).send(
    new PutObjectCommand({ Bucket: cloud.output('BucketName'), Key, Body: 'a,b' }),
  )
  const log = createUploadLog(DynamoDBDocumentClient.from(dynamodb), TableName)
  const [row] = await eventually('its row', async () => {
    const rows = await log.readKey(Key, '00000000000000cc')
    return rows.length > 0 && rows
  })
  const endMs = Date.parse(row?.eventTime ?? '') + 7 * 86_400_000
  expect(row?.deleteAt).toBe(Math.floor(endMs / 1000))
})
