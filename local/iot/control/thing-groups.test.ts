import {
  AddThingToThingGroupCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DeleteThingGroupCommand,
  DescribeThingGroupCommand,
  ListTagsForResourceCommand,
  ListThingGroupsCommand,
  ListThingGroupsForThingCommand,
  ListThingsInThingGroupCommand,
  RemoveThingFromThingGroupCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateThingGroupCommand,
  UpdateThingGroupsForThingCommand,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Control, startControl } from './control-fixture.ts'

let control: Control
let send: Control['client']['send']
beforeAll(async () => {
  control = await startControl()
  send = control.client.send.bind(control.client)
  for (const [thingGroupName, parentGroupName] of [
    ['house', undefined],
    ['floor', 'house'],
    ['room', 'floor'],
    ['other', undefined],
  ] as const) {
    await send(new CreateThingGroupCommand({ thingGroupName, parentGroupName }))
  }
  for (const thingName of ['lamp', 'door', 'bell']) await send(new CreateThingCommand({ thingName }))
})
afterAll(() => control.close())
const groupNames = ({ thingGroups = [] }: { thingGroups?: { groupName?: string | undefined }[] | undefined }) =>
  thingGroups.map(({ groupName }) => groupName)

test('a group knows its way from the root and its attributes', async () => {
  const { version } = await send(
    new UpdateThingGroupCommand({
      thingGroupName: 'room',
      expectedVersion: 1,
      thingGroupProperties: { thingGroupDescription: 'a room', attributePayload: { attributes: { Wall: 'red' } } },
    }),
  )
  expect(version).toBe(2)
  expect(await send(new DescribeThingGroupCommand({ thingGroupName: 'room' }))).toMatchObject({
    thingGroupArn: 'arn:aws:iot:eu-central-1:123456789012:thinggroup/room',
    version: 2,
    thingGroupProperties: { thingGroupDescription: 'a room', attributePayload: { attributes: { Wall: 'red' } } },
    thingGroupMetadata: {
      parentGroupName: 'floor',
      rootToParentThingGroups: [{ groupName: 'house' }, { groupName: 'floor' }],
    },
  })
  await expect(send(new CreateThingGroupCommand({ thingGroupName: 'room' }))).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
    message: 'Thing Group room already exists in current account with different properties',
  })
})

test('groups are listed by parent, prefix and depth', async () => {
  const list = async (filter: ListThingGroupsCommand['input']) =>
    groupNames(await send(new ListThingGroupsCommand(filter)))
  expect(await list({})).toEqual(['floor', 'house', 'other', 'room'])
  expect(await list({ parentGroup: 'house' })).toEqual(['floor'])
  expect(await list({ parentGroup: 'house', recursive: true })).toEqual(['floor', 'room'])
  expect(await list({ namePrefixFilter: 'o' })).toEqual(['other'])
})

test('a thing joins and leaves groups, one for each hierarchy', async () => {
  await send(new AddThingToThingGroupCommand({ thingName: 'lamp', thingGroupName: 'room' }))
  await send(
    new AddThingToThingGroupCommand({
      thingArn: 'arn:aws:iot:eu-central-1:123456789012:thing/lamp',
      thingGroupArn: 'arn:aws:iot:eu-central-1:123456789012:thinggroup/other',
    }),
  )
  expect(groupNames(await send(new ListThingGroupsForThingCommand({ thingName: 'lamp' })))).toEqual(['other', 'room'])
  await expect(
    send(new AddThingToThingGroupCommand({ thingName: 'lamp', thingGroupName: 'house' })),
  ).rejects.toMatchObject({ name: 'InvalidRequestException', message: expect.stringContaining('same hierarchy') })

  await send(new UpdateThingGroupsForThingCommand({ thingName: 'door', thingGroupsToAdd: ['house'] }))
  const inHouse = (recursive: boolean) =>
    send(new ListThingsInThingGroupCommand({ thingGroupName: 'house', recursive }))
  expect((await inHouse(false)).things).toEqual(['door'])
  expect((await inHouse(true)).things).toEqual(['door', 'lamp'])

  await send(new RemoveThingFromThingGroupCommand({ thingName: 'lamp', thingGroupName: 'room' }))
  expect((await inHouse(true)).things).toEqual(['door'])
})

test('an update of a thing’s groups that fails changes none of them', async () => {
  const update = { thingName: 'bell', thingGroupsToAdd: ['other', 'missing'] }
  await expect(send(new UpdateThingGroupsForThingCommand(update))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
  expect(groupNames(await send(new ListThingGroupsForThingCommand({ thingName: 'bell' })))).toEqual([])
})

test('a group goes after its children, with its memberships', async () => {
  await send(new CreateThingGroupCommand({ thingGroupName: 'ship' }))
  await send(new CreateThingGroupCommand({ thingGroupName: 'deck', parentGroupName: 'ship' }))
  await send(new AddThingToThingGroupCommand({ thingName: 'bell', thingGroupName: 'deck' }))
  await expect(send(new DeleteThingGroupCommand({ thingGroupName: 'ship' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: 'Cannot delete thing group : ship when there are still child groups attached to it',
  })
  await send(new DeleteThingGroupCommand({ thingGroupName: 'deck' }))
  await send(new DeleteThingGroupCommand({ thingGroupName: 'ship' }))
  expect(groupNames(await send(new ListThingGroupsForThingCommand({ thingName: 'bell' })))).toEqual([])
})

test('a hierarchy is at most 7 groups deep', async () => {
  let parentGroupName: string | undefined
  for (const thingGroupName of ['d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7']) {
    await send(new CreateThingGroupCommand({ thingGroupName, parentGroupName }))
    parentGroupName = thingGroupName
  }
  await expect(send(new CreateThingGroupCommand({ thingGroupName: 'd8', parentGroupName }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  })
})

test('tags are set at creation, added and removed, and authorization sees them', async () => {
  const { thingGroupArn: resourceArn } = await send(
    new CreateThingGroupCommand({ thingGroupName: 'tagged', tags: [{ Key: 'team', Value: 'a' }] }),
  )
  control.asked.length = 0
  await send(new TagResourceCommand({ resourceArn, tags: [{ Key: '__proto__', Value: 'b' }] }))
  expect(control.asked[0]?.slice(1)).toMatchObject([
    'iot:TagResource',
    resourceArn,
    { context: { 'aws:RequestTag/__proto__': 'b', 'aws:ResourceTag/team': 'a', 'aws:TagKeys': ['__proto__'] } },
  ])
  expect((await send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual([
    { Key: 'team', Value: 'a' },
    { Key: '__proto__', Value: 'b' },
  ])
  await send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }))
  expect((await send(new ListTagsForResourceCommand({ resourceArn }))).tags).toHaveLength(1)
  const missing = 'arn:aws:iot:eu-central-1:123456789012:thinggroup/missing'
  await expect(
    send(new TagResourceCommand({ resourceArn: missing, tags: [{ Key: 'a', Value: '' }] })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
})
