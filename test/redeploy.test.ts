import { rm } from 'node:fs/promises'
import {
  DescribeCACertificateCommand,
  IoTClient,
  ListCACertificatesCommand,
  UpdateCACertificateCommand,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { synthesize } from '../start/synthesize.ts'
import { deriveAssembly } from './derive-assembly.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice } from './test-device.ts'

let cloud: TestCloud
let iot: IoTClient
beforeAll(async () => {
  cloud = await startTestCloud()
  iot = new IoTClient(cloud.client())
})
afterAll(() => cloud?.close())

const assembly = () => process.env.THINGDROP_ASSEMBLY ?? synthesize()

test('deploying the same template again changes nothing', async () => {
  const changed: string[] = []
  await cloud.cloud.deploy({
    assembly: await assembly(),
    stackName: 'Thingdrop',
    onProgress: ({ logicalId, status }) => status !== 'UNCHANGED' && changed.push(logicalId),
  })
  expect(changed).toEqual([])
})

test('the fleet CA’s resource may run again: the same CA stands, active and registering, and devices enroll', async () => {
  const certificateId = cloud.output('CaCertificateId')
  await iot.send(
    new UpdateCACertificateCommand({ certificateId, newStatus: 'INACTIVE', newAutoRegistrationStatus: 'DISABLE' }),
  )
  const derived = await deriveAssembly(await assembly(), ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type === 'Custom::FleetCa') Properties.ValidityDays = 3650
    }
  })
  try {
    const { outputs } = await cloud.cloud.deploy({ assembly: derived, stackName: 'Thingdrop' })
    expect(outputs).toContainEqual(expect.objectContaining({ key: 'CaCertificateId', value: certificateId }))
  } finally {
    await rm(derived, { recursive: true })
  }
  const { certificateDescription } = await iot.send(new DescribeCACertificateCommand({ certificateId }))
  expect(certificateDescription).toMatchObject({ status: 'ACTIVE', autoRegistrationStatus: 'ENABLE' })
  expect((await iot.send(new ListCACertificatesCommand({}))).certificates).toHaveLength(1)
  const { device } = await registerDevice(cloud, 'press-1')
  device.close()
})
