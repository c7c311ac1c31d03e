import { DescribeThingGroupCommand, IoTClient, ListTagsForResourceCommand } from '@aws-sdk/client-iot'
import { expect, test } from 'vitest'
import { deploy, openCloud } from '../../cloud.fixture.ts'

const template = (properties: object, more: object = {}) => ({
  Resources: {
    Parent: { Type: 'AWS::IoT::ThingGroup', Properties: { ThingGroupName: 'parent' } },
    Group: { Type: 'AWS::IoT::ThingGroup', Properties: properties },
    ...more,
  },
  Outputs: {
    Name: { Value: { Ref: 'Group' } },
    Arn: { Value: { 'Fn::GetAtt': ['Group', 'Arn'] } },
    Id: { Value: { 'Fn::GetAtt': ['Group', 'Id'] } },
  },
})

test('a thing group is created, changed, replaced and removed', async () => {
  const cloud = await openCloud()
  const iot = new IoTClient({
    endpoint: cloud.endpoints.gateway,
    region: cloud.region,
    credentials: cloud.operatorCredentials,
  })
  const read = (thingGroupName = '') => iot.send(new DescribeThingGroupCommand({ thingGroupName }))
  const tagsOf = async (resourceArn = '') =>
    (await iot.send(new ListTagsForResourceCommand({ resourceArn }))).tags?.map(({ Key, Value }) => `${Key}=${Value}`)

  const created = await deploy(
    cloud,
    template({
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
      ThingGroupProperties: {
        AttributePayload: { Attributes: { reason: 'manual' } },
        ThingGroupDescription: 'held back',
      },
    }),
  )
  const { Name, Arn, Id } = created.outputs
  expect(Name).toMatch(/^Stack-Group-[A-Z0-9]{12}$/)
  expect(Arn).toBe(`arn:aws:iot:us-east-1:000000000000:thinggroup/${Name}`)
  expect(await read(Name)).toMatchObject({
    thingGroupId: Id,
    thingGroupProperties: {
      thingGroupDescription: 'held back',
      attributePayload: { attributes: { reason: 'manual' } },
    },
  })

  const changed = await deploy(
    cloud,
    template({
      Tags: [{ Key: 'b', Value: '3' }],
      ThingGroupProperties: { AttributePayload: { Attributes: { since: 2026 } } },
    }),
  )
  expect(changed.did).toEqual(['Parent UNCHANGED', 'Group UPDATE_COMPLETE'])
  expect(changed.outputs).toEqual(created.outputs)
  const { thingGroupProperties } = await read(Name)
  expect(thingGroupProperties?.attributePayload?.attributes).toEqual({ since: '2026' })
  expect(thingGroupProperties?.thingGroupDescription || undefined).toBeUndefined()
  expect(await tagsOf(Arn)).toEqual(['b=3'])

  const replaced = await deploy(cloud, template({ ThingGroupName: 'held', ParentGroupName: { Ref: 'Parent' } }))
  expect(replaced.did).toEqual(['Parent UNCHANGED', 'Group CREATE_COMPLETE', 'Group DELETE_COMPLETE'])
  expect((await read('held')).thingGroupMetadata?.parentGroupName).toBe('parent')
  await expect(read(Name)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })

  expect((await deploy(cloud, { Resources: {} })).did).toEqual(['Group DELETE_COMPLETE', 'Parent DELETE_COMPLETE'])
  await expect(read('held')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
})
