import {
  CreateThingCommand,
  CreateThingTypeCommand,
  DeleteThingCommand,
  DeleteThingTypeCommand,
  DeprecateThingTypeCommand,
  DescribeThingCommand,
  DescribeThingTypeCommand,
  ListThingsCommand,
  ListThingTypesCommand,
  paginateListThings,
  UpdateThingCommand,
  UpdateThingTypeCommand,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Control, startControl } from './control-fixture.ts'

let control: Control
let send: Control['client']['send']
beforeAll(async () => {
  control = await startControl()
  send = control.client.send.bind(control.client)
})
afterAll(() => control.close())

test('a thing is created, described, updated and deleted', async () => {
  await send(new CreateThingTypeCommand({ thingTypeName: 'Room' }))
  const created = await send(
    new CreateThingCommand({
      thingName: 'Rasp:1',
      thingTypeName: 'Room',
      attributePayload: { attributes: { Owner: 'MyName', Floor: '2' } },
    }),
  )
  expect(created).toMatchObject({
    thingName: 'Rasp:1',
    thingArn: 'arn:aws:iot:eu-central-1:123456789012:thing/Rasp:1',
  })

  await send(
    new UpdateThingCommand({
      thingName: 'Rasp:1',
      attributePayload: { merge: true, attributes: { Floor: '', Room: 'a' } },
      expectedVersion: 1,
      removeThingType: true,
    }),
  )
  const described = await send(new DescribeThingCommand({ thingName: 'Rasp:1' }))
  expect(described).toMatchObject({
    defaultClientId: 'Rasp:1',
    thingId: created.thingId,
    version: 2,
    attributes: { Owner: 'MyName', Room: 'a' },
  })
  expect(described.thingTypeName).toBeUndefined()

  await send(new UpdateThingCommand({ thingName: 'Rasp:1', attributePayload: { attributes: { Only: 'this' } } }))
  expect((await send(new DescribeThingCommand({ thingName: 'Rasp:1' }))).attributes).toEqual({ Only: 'this' })

  await expect(send(new UpdateThingCommand({ thingName: 'Rasp:1', expectedVersion: 1 }))).rejects.toMatchObject({
    name: 'VersionConflictException',
    message: 'The version for thing Rasp:1 does not match the expected version.',
    $metadata: { httpStatusCode: 409 },
  })
  await send(new DeleteThingCommand({ thingName: 'Rasp:1' }))
  await send(new DeleteThingCommand({ thingName: 'Rasp:1' }))
  await expect(send(new DescribeThingCommand({ thingName: 'Rasp:1' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'Thing Rasp:1 cannot be found.',
    $metadata: { httpStatusCode: 404 },
  })
})

test('creating the same thing again returns it, a different one is refused', async () => {
  const request = { thingName: 'twice', attributePayload: { attributes: { a: '1', b: '2' } } }
  const first = await send(new CreateThingCommand(request))
  expect((await send(new CreateThingCommand(request))).thingId).toBe(first.thingId)
  await expect(send(new CreateThingCommand({ thingName: 'twice' }))).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
    resourceId: 'twice',
    resourceArn: first.thingArn,
  })
})

test('what would be ignored is refused by name', async () => {
  await expect(send(new CreateThingCommand({ thingName: 'x', billingGroupName: 'b' }))).rejects.toMatchObject({
    name: 'NotImplemented',
    $metadata: { httpStatusCode: 501 },
    message: expect.stringContaining('billingGroupName'),
  })
})

test('a thing without a type has at most 3 attributes, with a type at most 50', async () => {
  const attributes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 'v']))
  await send(new CreateThingTypeCommand({ thingTypeName: 'Wide' }))
  const create = (count: number, thingTypeName?: string) =>
    send(
      new CreateThingCommand({
        thingName: `wide-${count}`,
        thingTypeName,
        attributePayload: { attributes: attributes(count) },
      }),
    )
  await create(3)
  await create(50, 'Wide')
  await expect(create(4)).rejects.toMatchObject({ name: 'InvalidRequestException' })
  await expect(create(51, 'Wide')).rejects.toMatchObject({ name: 'InvalidRequestException' })
})

test('things are listed in pages and by attribute and type', async () => {
  await send(new CreateThingTypeCommand({ thingTypeName: 'Listed' }))
  const names = Array.from({ length: 30 }, (_, i) => `listed-${String(i).padStart(2, '0')}`)
  for (const [i, thingName] of names.entries()) {
    const attributes = { Owner: i % 3 === 0 ? 'me' : 'you', constructorX: 'x' }
    await send(new CreateThingCommand({ thingName, thingTypeName: 'Listed', attributePayload: { attributes } }))
  }
  const listed: (string | undefined)[] = []
  const paginator = paginateListThings({ client: control.client, pageSize: 7 }, { thingTypeName: 'Listed' })
  for await (const page of paginator) {
    expect(page.things?.length).toBeLessThanOrEqual(7)
    listed.push(...(page.things ?? []).map((thing) => thing.thingName))
  }
  expect(listed).toEqual(names)

  const list = async (filter: ListThingsCommand['input']) =>
    (await send(new ListThingsCommand({ maxResults: 250, ...filter }))).things?.length
  expect(await list({ attributeName: 'Owner', attributeValue: 'me' })).toBe(10)
  expect(await list({ attributeName: 'Owner', attributeValue: 'm' })).toBe(0)
  expect(await list({ attributeName: 'Owner', attributeValue: 'm', usePrefixAttributeValue: true })).toBe(10)
  expect(await list({ attributeName: 'constructor', attributeValue: 'x' })).toBe(0)
  await expect(list({ nextToken: '?' })).rejects.toMatchObject({ name: 'InvalidRequestException' })
})

test('a thing type is deprecated for five minutes before it can be deleted', async () => {
  const thingTypeName = 'Old'
  const remove = () => send(new DeleteThingTypeCommand({ thingTypeName }))
  await send(
    new CreateThingTypeCommand({
      thingTypeName,
      thingTypeProperties: { thingTypeDescription: 'first', searchableAttributes: ['Owner'] },
    }),
  )
  await send(new UpdateThingTypeCommand({ thingTypeName, thingTypeProperties: { thingTypeDescription: 'second' } }))
  await send(new CreateThingCommand({ thingName: 'of-old-type', thingTypeName }))
  await expect(remove()).rejects.toMatchObject({ name: 'InvalidRequestException' })

  await send(new DeprecateThingTypeCommand({ thingTypeName }))
  const deprecated = await send(new DescribeThingTypeCommand({ thingTypeName }))
  expect(deprecated.thingTypeProperties).toEqual({ thingTypeDescription: 'second', searchableAttributes: ['Owner'] })
  expect(deprecated.thingTypeMetadata).toMatchObject({ deprecated: true, deprecationDate: expect.any(Date) })
  await expect(send(new CreateThingCommand({ thingName: 'late', thingTypeName }))).rejects.toMatchObject({
    message: 'Can not create new thing with depreated thing type:Old',
  })
  await expect(remove()).rejects.toMatchObject({
    message: 'Please wait for 5 minutes after deprecation and then retry',
  })

  control.time.now = new Date(control.time.now.getTime() + 5 * 60_000)
  await expect(remove()).rejects.toMatchObject({ message: expect.stringContaining('things of this type exist') })
  await send(new DeleteThingCommand({ thingName: 'of-old-type' }))
  await remove()
  expect((await send(new ListThingTypesCommand({ thingTypeName: 'Ol' }))).thingTypes).toEqual([])
})

test('a deprecation can be undone', async () => {
  const thingTypeName = 'Kept'
  await send(new CreateThingTypeCommand({ thingTypeName }))
  await send(new DeprecateThingTypeCommand({ thingTypeName }))
  await send(new DeprecateThingTypeCommand({ thingTypeName, undoDeprecate: true }))
  await send(new CreateThingCommand({ thingName: 'kept', thingTypeName }))
  expect((await send(new DescribeThingTypeCommand({ thingTypeName }))).thingTypeMetadata?.deprecated).toBe(false)
})
