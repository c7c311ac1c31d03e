import {
  CreateThingCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  ListJobsCommand,
  ListThingsCommand,
  UpdateEventConfigurationsCommand,
} from '@aws-sdk/client-iot'
import { expect, test } from 'vitest'
import { AwsError, type Call } from '#local/service.ts'
import { createRegistry } from '../registry/registry.ts'
import { accountId, startControl } from './control-fixture.ts'
import inputs from './inputs.json' with { type: 'json' }
import { operationResources } from './operation-resources.ts'
import routes from './routes.json' with { type: 'json' }

test('every operation has a route and a permission of its own, and none else', async () => {
  const control = await startControl()
  const names = Object.keys(control.operations).sort()
  expect(Object.keys(operationResources).sort()).toEqual(names)
  expect(Object.keys(inputs.operations).sort()).toEqual(names)
  expect(routes.map(({ operation }) => operation)).toEqual(expect.arrayContaining(names))
  await control.close()
})

test('what is not there answers 501 and names the operation', async () => {
  const control = await startControl()
  const refusal = (operation: string) => ({
    name: 'NotImplemented',
    message: expect.stringContaining(operation),
    $metadata: { httpStatusCode: 501 },
  })
  await expect(control.client.send(new ListJobsCommand({}))).rejects.toMatchObject(refusal('ListJobs'))
  await expect(control.client.send(new UpdateEventConfigurationsCommand({}))).rejects.toMatchObject(
    refusal('UpdateEventConfigurations'),
  )
  await control.close()
})

test('a caller who may not is refused before anything is written', async () => {
  const control = await startControl()
  const call: Call = {
    caller: { kind: 'user', arn: `arn:aws:iam::${accountId}:user/u`, accountId, userId: 'u', context: {} },
    requestId: 'r',
    sourceIp: '127.0.0.1',
    authorize(action, resource) {
      throw new AwsError('AccessDenied', `${action} on ${resource}`, 403)
    },
  }
  expect(() => control.operations.CreateThing?.({ thingName: 'mine' }, call)).toThrow(
    `iot:CreateThing on arn:aws:iot:eu-central-1:${accountId}:thing/mine`,
  )
  expect(control.registry.things.get('mine')).toBeUndefined()
  await control.close()
})

test('with AWS’s quotas each operation has a rate of its own', async () => {
  const control = await startControl({ quotas: 'aws' })
  const { client, time } = control
  const describe = () => client.send(new DescribeCertificateCommand({ certificateId: '0'.repeat(64) }))
  const refusals = async (count: number) => {
    const results = await Promise.allSettled(Array.from({ length: count }, describe))
    const names = results.map((result) => (result.status === 'rejected' ? result.reason.name : ''))
    return names.filter((name) => name === 'ThrottlingException').length
  }
  expect(await refusals(13)).toBe(3)
  await expect(describe()).rejects.toMatchObject({ message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } })
  await client.send(new ListThingsCommand({}))

  time.now = new Date(time.now.getTime() + 500)
  expect(await refusals(6)).toBe(1)
  await control.close()
})

test('what was answered is there after the process is gone', async () => {
  const control = await startControl()
  await control.client.send(new CreateThingCommand({ thingName: 'kept' }))
  const second = createRegistry({ folder: control.folder, accountId, region: 'eu-central-1', clock: () => new Date() })
  expect(second.things.get('kept')).toMatchObject({ thingName: 'kept', version: 1 })
  second.close()
  await control.close()
})

test('a name that is percent-encoded in the path arrives decoded', async () => {
  const control = await startControl()
  const { client } = control
  await client.send(new CreateThingCommand({ thingName: 'a:b_c-d' }))
  expect((await client.send(new DescribeThingCommand({ thingName: 'a:b_c-d' }))).thingName).toBe('a:b_c-d')
  await expect(client.send(new DescribeThingCommand({ thingName: 'a/b' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: expect.stringContaining("Value 'a/b' at 'thingName'"),
  })
  await control.close()
})
