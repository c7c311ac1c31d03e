import {
  CreateRoleAliasCommand,
  DeleteRoleAliasCommand,
  DescribeEndpointCommand,
  DescribeRoleAliasCommand,
  ListRoleAliasesCommand,
  UpdateRoleAliasCommand,
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

const roleArn = 'arn:aws:iam::123456789012:role/upload'

test('a role alias passes a role to the credentials provider', async () => {
  control.asked.length = 0
  const roleAlias = 'upload=alias,@-1'
  const { roleAliasArn } = await send(new CreateRoleAliasCommand({ roleAlias, roleArn }))
  expect(roleAliasArn).toBe(`arn:aws:iot:eu-central-1:123456789012:rolealias/${roleAlias}`)
  expect(control.asked.map(([, action, resource]) => [action, resource])).toEqual([
    ['iot:CreateRoleAlias', roleAliasArn],
    ['iam:PassRole', roleArn],
  ])
  expect(control.asked[1]?.[3]?.context).toMatchObject({ 'iam:PassedToService': 'credentials.iot.amazonaws.com' })

  const describe = async () => (await send(new DescribeRoleAliasCommand({ roleAlias }))).roleAliasDescription
  expect(await describe()).toMatchObject({ roleArn, credentialDurationSeconds: 3600, owner: '123456789012' })
  await send(new UpdateRoleAliasCommand({ roleAlias, credentialDurationSeconds: 900 }))
  expect(await describe()).toMatchObject({ roleArn, credentialDurationSeconds: 900 })

  await expect(send(new CreateRoleAliasCommand({ roleAlias, roleArn }))).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
    resourceArn: roleAliasArn,
  })
  await send(new DeleteRoleAliasCommand({ roleAlias }))
  const missing = { name: 'ResourceNotFoundException' }
  await expect(describe()).rejects.toMatchObject(missing)
  await expect(send(new DeleteRoleAliasCommand({ roleAlias }))).rejects.toMatchObject(missing)
})

test('a duration outside of 900 to 43,200 seconds is refused', async () => {
  for (const credentialDurationSeconds of [899, 43_201]) {
    await expect(
      send(new CreateRoleAliasCommand({ roleAlias: 'd', roleArn, credentialDurationSeconds })),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' })
  }
})

test('aliases are listed by name in either direction', async () => {
  for (const roleAlias of ['b', 'a', 'c']) await send(new CreateRoleAliasCommand({ roleAlias, roleArn }))
  const first = await send(new ListRoleAliasesCommand({ ascendingOrder: true, pageSize: 2 }))
  expect(first.roleAliases).toEqual(['a', 'b'])
  const rest = await send(new ListRoleAliasesCommand({ ascendingOrder: true, pageSize: 2, marker: first.nextMarker }))
  expect(rest).toMatchObject({ roleAliases: ['c'] })
  expect(rest.nextMarker).toBeUndefined()
  expect((await send(new ListRoleAliasesCommand({}))).roleAliases).toEqual(['c', 'b', 'a'])
})

test('the endpoints of the data plane are told by type', async () => {
  const describe = async (endpointType?: string) =>
    (await send(new DescribeEndpointCommand({ endpointType }))).endpointAddress
  expect(await describe()).toBe('data.localhost:8883')
  expect(await describe('iot:Data-ATS')).toBe('data.localhost:8883')
  expect(await describe('iot:CredentialProvider')).toBe('credentials.localhost:8443')
  await expect(describe('iot:Jobs')).rejects.toMatchObject({ name: 'NotImplemented' })
  await expect(describe('iot:Nothing')).rejects.toMatchObject({ name: 'InvalidRequestException' })
})
