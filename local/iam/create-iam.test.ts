import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IamFixture, openIam, startIam } from './iam-fixture.ts'

let fixture: IamFixture

beforeAll(async () => {
  fixture = await startIam()
})
afterAll(() => fixture.stop())

test('only its owner can read the state', () => {
  const modes = readdirSync(fixture.folder).map((name) => statSync(join(fixture.folder, name)).mode & 0o777)
  expect(modes.length).toBeGreaterThan(0)
  expect(modes.every((mode) => mode === 0o600)).toBe(true)
})

test('the operator keeps its credentials over a restart', () => {
  const restarted = openIam(fixture.folder)
  expect(restarted.operatorCredentials()).toEqual(fixture.iam.operatorCredentials())
  restarted.close()
})

test('an access key works while it is active', async () => {
  const operator = fixture.iamClient()
  await operator.send(new CreateUserCommand({ UserName: 'dee' }))
  const { AccessKey } = await operator.send(new CreateAccessKeyCommand({ UserName: 'dee' }))
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {}
  expect(AccessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/)
  expect(SecretAccessKey).toHaveLength(40)
  const client = fixture.stsClient({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey })
  const identify = () => client.send(new GetCallerIdentityCommand())
  await expect(identify()).resolves.toMatchObject({ Arn: expect.stringMatching(/user\/dee$/) })

  const key = { UserName: 'dee', AccessKeyId }
  await operator.send(new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' }))
  await expect(identify()).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
  await operator.send(new UpdateAccessKeyCommand({ ...key, Status: 'Active' }))
  await expect(identify()).resolves.toBeDefined()
  const { AccessKeyMetadata } = await operator.send(new ListAccessKeysCommand({ UserName: 'dee' }))
  expect(AccessKeyMetadata).toMatchObject([{ ...key, Status: 'Active', CreateDate: expect.any(Date) }])
  await operator.send(new DeleteAccessKeyCommand(key))
  await expect(identify()).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
  await expect(operator.send(new DeleteAccessKeyCommand(key))).rejects.toMatchObject({ name: 'NoSuchEntityException' })
})

test('a user has two access keys at most', async () => {
  const operator = fixture.iamClient()
  await operator.send(new CreateUserCommand({ UserName: 'eve' }))
  const create = () => operator.send(new CreateAccessKeyCommand({ UserName: 'eve' }))
  await create()
  await create()
  await expect(create()).rejects.toThrow('Cannot exceed quota for AccessKeysPerUser: 2')
})

test('a user who may do nothing may not even learn whether another exists', async () => {
  const operator = fixture.iamClient()
  await operator.send(new CreateUserCommand({ UserName: 'fay' }))
  const { AccessKey } = await operator.send(new CreateAccessKeyCommand({ UserName: 'fay' }))
  const client = fixture.iamClient({
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  })
  for (const UserName of ['operator', 'nobody'])
    await expect(client.send(new GetUserCommand({ UserName }))).rejects.toMatchObject({ name: 'AccessDenied' })
  await expect(client.send(new GetUserCommand())).rejects.toThrow(/user\/fay because no identity-based policy allows/)
  await operator.send(
    new AttachUserPolicyCommand({ UserName: 'fay', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
  )
  await expect(client.send(new GetUserCommand())).resolves.toMatchObject({ User: { UserName: 'fay' } })
})

test('what is not there says so by name', async () => {
  const group = fixture.iamClient().send(new CreateGroupCommand({ GroupName: 'staff' }))
  await expect(group).rejects.toMatchObject({ name: 'NotImplemented', message: expect.stringMatching('CreateGroup') })
  const token = fixture.stsClient().send(new GetSessionTokenCommand())
  await expect(token).rejects.toMatchObject({ name: 'NotImplemented' })
})
