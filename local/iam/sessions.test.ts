import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRoleCommand,
  type IAMClient,
  ListRolesCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountId, type IamFixture, openIam, policyText, startIam, trusts } from './iam-fixture.ts'

const roleArn = (name: string) => `arn:aws:iam::${accountId}:role/${name}`

let now: Date
let fixture: IamFixture
let operator: IAMClient

beforeAll(async () => {
  // The gateway refuses a signature whose time is minutes away from its clock's, and the SDK has a clock of its own.
  now = new Date()
  fixture = await startIam({ clock: () => now })
  operator = fixture.iamClient()
})
afterAll(() => fixture.stop())

async function createRole(name: string, trustPolicy: string, grants?: string): Promise<void> {
  await operator.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trustPolicy }))
  if (grants !== undefined)
    await operator.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'grants', PolicyDocument: grants }))
}

async function createUser(name: string, grants?: string) {
  await operator.send(new CreateUserCommand({ UserName: name }))
  if (grants !== undefined)
    await operator.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'grants', PolicyDocument: grants }))
  const { AccessKey } = await operator.send(new CreateAccessKeyCommand({ UserName: name }))
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }
}

const listRoles = { Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' }
const listUsers = { Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }

test('the operator is who it is', async () => {
  const identity = await fixture.stsClient().send(new GetCallerIdentityCommand())
  expect(identity).toMatchObject({ Account: accountId, Arn: `arn:aws:iam::${accountId}:user/operator` })
  expect(identity.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/)
})

test('a role that trusts a user gives it a session with what the role grants', async () => {
  const user = await createUser('ann')
  await createRole('reader', trusts({ AWS: `arn:aws:iam::${accountId}:user/ann` }), policyText(listRoles))
  const { Credentials, AssumedRoleUser } = await fixture
    .stsClient(user)
    .send(new AssumeRoleCommand({ RoleArn: roleArn('reader'), RoleSessionName: 's-1' }))
  expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${accountId}:assumed-role/reader/s-1`)
  expect(AssumedRoleUser?.AssumedRoleId).toMatch(/^AROA[A-Z2-7]{17}:s-1$/)
  expect(Credentials?.Expiration).toEqual(new Date(Math.floor(now.getTime() / 1000) * 1000 + 3_600_000))
  const session = sessionOf(Credentials)
  const identity = await fixture.stsClient(session).send(new GetCallerIdentityCommand())
  expect(identity.Arn).toBe(AssumedRoleUser?.Arn)
  await expect(fixture.iamClient(session).send(new ListRolesCommand())).resolves.toBeDefined()
  await expect(fixture.iamClient(session).send(new ListUsersCommand())).rejects.toMatchObject({
    name: 'AccessDenied',
    message: `User: ${identity.Arn} is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::${accountId}:user/ because no identity-based policy allows the iam:ListUsers action`,
  })
})

test('a role that trusts the account asks for an identity policy too', async () => {
  await createRole('delegated', trusts({ AWS: accountId }))
  const assume = new AssumeRoleCommand({ RoleArn: roleArn('delegated'), RoleSessionName: 's-1' })
  const without = await createUser('ben')
  await expect(fixture.stsClient(without).send(assume)).rejects.toMatchObject({ name: 'AccessDenied' })
  const may = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn('delegated') }
  const allowed = await createUser('cam', policyText(may))
  await expect(fixture.stsClient(allowed).send(assume)).resolves.toBeDefined()
})

test('the external id that a trust policy demands', async () => {
  await createRole('external', trusts({ AWS: '*' }, { StringEquals: { 'sts:ExternalId': 'e-1' } }))
  const assume = (ExternalId?: string) =>
    fixture
      .stsClient()
      .send(new AssumeRoleCommand({ RoleArn: roleArn('external'), RoleSessionName: 's-1', ExternalId }))
  await expect(assume('e-1')).resolves.toBeDefined()
  await expect(assume('e-2')).rejects.toMatchObject({ name: 'AccessDenied' })
  await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' })
})

test('a session policy narrows what the role grants', async () => {
  await createRole('wide', trusts({ AWS: '*' }), policyText(listRoles, listUsers))
  const { Credentials } = await fixture.stsClient().send(
    new AssumeRoleCommand({
      RoleArn: roleArn('wide'),
      RoleSessionName: 's-1',
      Policy: policyText(listUsers, { Effect: 'Allow', Action: 's3:*', Resource: '*' }),
    }),
  )
  const client = fixture.iamClient(sessionOf(Credentials))
  await expect(client.send(new ListUsersCommand())).resolves.toBeDefined()
  await expect(client.send(new ListRolesCommand())).rejects.toThrow(/because no session policy allows/)
})

test.each([
  [{ DurationSeconds: 899 }, 'ValidationError', /greater than or equal to 900/],
  [{ DurationSeconds: 3601 }, 'ValidationError', /exceeds the MaxSessionDuration set for this role/],
  [{ RoleSessionName: 'no/slash' }, 'ValidationError', /roleSessionName/],
  [{ RoleArn: roleArn('nobody') }, 'AccessDenied', /not authorized to perform: sts:AssumeRole/],
  [{ Policy: '{' }, 'MalformedPolicyDocumentException', /invalid Json/],
  [{ SourceIdentity: 'someone' }, 'NotImplemented', /SourceIdentity/],
])('AssumeRole refuses %j', async (input, name, message) => {
  const valid = { RoleArn: roleArn('open'), RoleSessionName: 's-1' }
  if (!(await exists('open'))) await createRole('open', trusts({ AWS: '*' }))
  const call = fixture.stsClient().send(new AssumeRoleCommand({ ...valid, ...input }))
  await expect(call).rejects.toMatchObject({ name, message: expect.stringMatching(message) })
})

test('a session that a session starts lasts an hour at most', async () => {
  await operator.send(
    new CreateRoleCommand({
      RoleName: 'long',
      AssumeRolePolicyDocument: trusts({ AWS: '*' }),
      MaxSessionDuration: 43_200,
    }),
  )
  const assume = (DurationSeconds: number) =>
    new AssumeRoleCommand({ RoleArn: roleArn('long'), RoleSessionName: 's-1', DurationSeconds })
  const { Credentials } = await fixture.stsClient().send(assume(43_200))
  const chained = fixture.stsClient(sessionOf(Credentials))
  await expect(chained.send(assume(3601))).rejects.toThrow(/1 hour session limit/)
  await expect(chained.send(assume(3600))).resolves.toBeDefined()
})

test('a service assumes what trusts it, and the session carries its context', async () => {
  await createRole('device', trusts({ Service: 'credentials.iot.amazonaws.com' }))
  const session = fixture.iam.assumeRole({
    roleArn: roleArn('device'),
    sessionName: 'c'.repeat(64),
    principal: 'credentials.iot.amazonaws.com',
    sessionContext: { 'credentials-iot:ThingName': 't-1' },
  })
  const { caller, secretAccessKey } = fixture.iam.credentials.find(session.accessKeyId, session.sessionToken)
  expect(secretAccessKey).toBe(session.secretAccessKey)
  expect(caller).toEqual(session.caller)
  expect(caller.context).toMatchObject({ 'credentials-iot:ThingName': 't-1' })
  const other = { roleArn: roleArn('device'), sessionName: 'x1', principal: 'lambda.amazonaws.com' }
  expect(() => fixture.iam.assumeRole(other)).toThrow(/because no role trust policy allows the sts:AssumeRole action/)
  expect(() => fixture.iam.assumeRole({ ...other, principal: fixture.iam.root })).toThrow(/root accounts/)
})

test('a session ends when its time is over, when its role is deleted, and not when IAM restarts', async () => {
  await createRole('mortal', trusts({ Service: 'iot.amazonaws.com' }))
  const request = { roleArn: roleArn('mortal'), sessionName: 'rule', principal: 'iot.amazonaws.com' }
  const session = fixture.iam.assumeRole({ ...request, durationSeconds: 900 })
  const find = () => fixture.iam.credentials.find(session.accessKeyId, session.sessionToken)
  const restarted = openIam(fixture.folder, () => now)
  expect(restarted.credentials.find(session.accessKeyId, session.sessionToken)).toEqual(find())
  restarted.close()

  const start = now
  now = session.expiration
  expect(find).toThrow(expect.objectContaining({ code: 'ExpiredToken' }))
  now = start
  expect(find().caller.arn).toBe(session.caller.arn)

  await operator.send(new DeleteRoleCommand({ RoleName: 'mortal' }))
  await createRole('mortal', trusts({ Service: 'iot.amazonaws.com' }), policyText(listRoles))
  expect(find).toThrow(expect.objectContaining({ code: 'InvalidClientTokenId' }))
  expect(() => fixture.iam.authorizer.require(session.caller, 'iam:ListRoles', '*')).toThrow(
    expect.objectContaining({ code: 'InvalidClientTokenId' }),
  )
})

test('a token opens only whole, and only with the key id it was made for', () => {
  const request = { roleArn: roleArn('device'), sessionName: 's1', principal: 'credentials.iot.amazonaws.com' }
  const [first, second] = [fixture.iam.assumeRole(request), fixture.iam.assumeRole(request)]
  const { find } = fixture.iam.credentials
  const refused = expect.objectContaining({ code: 'InvalidClientTokenId' })
  expect(() => find(first.accessKeyId, second.sessionToken)).toThrow(refused)
  expect(() => find(first.accessKeyId, undefined)).toThrow(refused)
  expect(() => find(first.accessKeyId, '')).toThrow(refused)
  for (const written of [`${first.sessionToken}x`, ` ${first.sessionToken}`, first.sessionToken.slice(0, -1)]) {
    expect(() => find(first.accessKeyId, written)).toThrow(refused)
  }
  const bytes = Buffer.from(first.sessionToken, 'base64')
  for (let position = 0; position < bytes.length; position++) {
    const tampered = Buffer.from(bytes)
    tampered.writeUInt8((bytes[position] ?? 0) ^ 1, position)
    expect(() => find(first.accessKeyId, tampered.toString('base64'))).toThrow(refused)
  }
})

function sessionOf(credentials?: {
  AccessKeyId?: string | undefined
  SecretAccessKey?: string | undefined
  SessionToken?: string | undefined
}) {
  return {
    accessKeyId: credentials?.AccessKeyId ?? '',
    secretAccessKey: credentials?.SecretAccessKey ?? '',
    sessionToken: credentials?.SessionToken,
  }
}

async function exists(roleName: string): Promise<boolean> {
  const { Roles } = await operator.send(new ListRolesCommand())
  return Roles?.some(({ RoleName }) => RoleName === roleName) ?? false
}
