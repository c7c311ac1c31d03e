import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { createDevice, type Device } from '#device/index.ts'
import { createOperator } from '#operator/index.ts'

import { printTable } from './harness/print-table.ts'
import { startLocal } from './harness/start-local.ts'

const count = 1000
/** UpdateCertificate has the lowest rate of the calls that a registration needs (AWS IoT Core quotas). */
const ceilingPerSecond = 10
/** How many enroll at once. */
const lanes = 4
/** After the last device is in: until the events of its earlier connections are done. */
const settleMs = 60_000

const folder = await mkdtemp(join(tmpdir(), 'thingdrop-bench-'))
const cloud = await startLocal(join(folder, 'state'), ['--quotas', 'aws'])
try {
  await measure()
} finally {
  await cloud.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

async function measure(): Promise<void> {
  const { Stacks } = await new CloudFormationClient(cloud.client).send(new DescribeStacksCommand({}))
  const output = (name: string) => Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue ?? ''
  const operator = createOperator({ ...cloud.client, apiUrl: output('ApiUrl') })
  const caFile = join(folder, 'state/iot/AmazonRootCA1.pem')
  const devices: Device[] = []

  async function enrollOn(): Promise<void> {
    while (devices.length < count) {
      const thingName = `storm-${devices.length}`
      const device = createDevice({ dir: join(folder, 'devices', thingName) })
      devices.push(device)
      const { claimUrl } = await operator.claims.create({ thingName })
      await device.enroll({ claimUrl, caFile })
    }
  }

  async function countMessages(QueueUrl: string): Promise<number> {
    const { Attributes = {} } = await new SQSClient(cloud.client).send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible)
  }

  // The first starts the functions; several at once would start as many.
  await operator.claims.create({ thingName: 'first' })
  await Promise.all(Array.from({ length: lanes }, enrollOn))
  const beginMs = Date.now()
  const connections = await Promise.allSettled(
    devices.map(async (device) => (await device.connect({ timeoutMs: 600_000 })).disconnect()),
  )
  const connectedMs = Date.now()
  while ((await countMessages(output('RegistrationQueueUrl'))) > 0 && Date.now() < connectedMs + settleMs) {
    await new Promise((resolve) => setTimeout(resolve, 500))
  }

  const activations: number[] = []
  for await (const { certificates } of operator.certificates.pages({ state: 'active' }, { limit: count + 1 })) {
    activations.push(...certificates.map(({ activatedAt = '' }) => Date.parse(activatedAt)))
  }
  const seconds = (Math.max(...activations) - beginMs) / 1000
  const rate = activations.length / seconds
  const connected = connections.filter(({ status }) => status === 'fulfilled').length
  const queued = await countMessages(output('RegistrationQueueUrl'))
  const dead = await countMessages(output('RegistrationDeadLettersUrl'))
  printTable(`Registration: ${count} new devices connect at once, with AWS's default rates`, [
    {
      what: 'registrations, until the last is active',
      ours: `${rate.toFixed(1)}/s`,
      peer: `${ceilingPerSecond}/s (quota of UpdateCertificate)`,
      ratio: rate / ceilingPerSecond,
    },
    {
      what: 'registered, and connected in the end',
      ours: `${activations.length}, ${connected}`,
      goal: { text: `${count}`, isMet: activations.length === count && connected === count },
    },
    {
      what: 'the last device is in after',
      ours: `${((connectedMs - beginMs) / 1000).toFixed(0)} s`,
    },
    {
      what: 'messages left over, and dead letters',
      ours: `${queued}, ${dead}`,
      goal: { text: '0', isMet: queued === 0 && dead === 0 },
    },
  ])
}
