import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  paginateListUsers,
  SetDefaultPolicyVersionCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountId, type IamFixture, policyText, startIam, trusts } from '../iam-fixture.ts'

const lambdaTrust = trusts({ Service: 'lambda.amazonaws.com' })
const readBucket = policyText({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/*' })
const administratorAccess = 'arn:aws:iam::aws:policy/AdministratorAccess'

let fixture: IamFixture
let iam: IAMClient

beforeAll(async () => {
  fixture = await startIam()
  iam = fixture.iamClient()
})
afterAll(() => fixture.stop())

test('a role is read back as it was created', async () => {
  const created = await iam.send(
    new CreateRoleCommand({
      RoleName: 'plain',
      Path: '/app/',
      AssumeRolePolicyDocument: lambdaTrust,
      Description: 'for <tests>',
      MaxSessionDuration: 7200,
      Tags: [{ Key: 'team', Value: 'a + b' }],
    }),
  )
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'plain' }))
  expect(Role).toEqual({ ...created.Role, RoleLastUsed: {} })
  expect(Role).toMatchObject({
    Path: '/app/',
    RoleName: 'plain',
    RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
    Arn: `arn:aws:iam::${accountId}:role/app/plain`,
    CreateDate: expect.any(Date),
    Description: 'for <tests>',
    MaxSessionDuration: 7200,
    Tags: [{ Key: 'team', Value: 'a + b' }],
  })
  expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(lambdaTrust)
  expect(Role?.AssumeRolePolicyDocument).not.toMatch(/[^\w%.~-]/)
})

test('a role changes', async () => {
  await iam.send(new CreateRoleCommand({ RoleName: 'changing', AssumeRolePolicyDocument: lambdaTrust }))
  await iam.send(new UpdateRoleCommand({ RoleName: 'changing', Description: 'new', MaxSessionDuration: 43_200 }))
  const trust = trusts({ Service: 'iot.amazonaws.com' })
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'changing', PolicyDocument: trust }))
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'changing' }))
  expect(Role).toMatchObject({ Description: 'new', MaxSessionDuration: 43_200 })
  expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trust)
})

test('inline policies of a role, and what stands in the way of its deletion', async () => {
  const RoleName = 'inline'
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrust }))
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'read', PolicyDocument: readBucket }))
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'read', PolicyDocument: readBucket }))
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
  expect(PolicyNames).toEqual(['read'])
  const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'read' }))
  expect(decodeURIComponent(PolicyDocument ?? '')).toBe(readBucket)

  const remove = () => iam.send(new DeleteRoleCommand({ RoleName }))
  await expect(remove()).rejects.toThrow('Cannot delete entity, must delete policies first.')
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'read' }))
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: administratorAccess }))
  await expect(remove()).rejects.toThrow('Cannot delete entity, must detach all policies first.')
  await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: administratorAccess }))
  await remove()
  await expect(remove()).rejects.toMatchObject({ name: 'NoSuchEntityException' })
})

test('a role’s inline policies have 10,240 characters together, without white space', async () => {
  const RoleName = 'large'
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrust }))
  const statement = (filler: number) =>
    policyText({ Effect: 'Deny', Action: 's3:x', Resource: `arn:aws:s3:::${'x'.repeat(filler)}` })
  const put = (PolicyName: string, characters: number) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName,
        PolicyDocument: `${statement(characters - statement(0).length)}${' '.repeat(500)}`,
      }),
    )
  await put('half', 5120)
  await put('rest', 5120)
  await expect(put('rest', 5121)).rejects.toMatchObject({
    name: 'LimitExceededException',
    message: 'Maximum policy size of 10240 bytes exceeded for role large',
    $metadata: { httpStatusCode: 409 },
  })
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'rest' }))
  expect(decodeURIComponent(PolicyDocument).trim()).toHaveLength(5120)
})

test('a function changes the inline policies of the role that its own role names, and of no other', async () => {
  for (const RoleName of ['device', 'other', 'revoker']) {
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrust }))
  }
  const roleArn = (name: string) => `arn:aws:iam::${accountId}:role/${name}`
  const manage = {
    Effect: 'Allow',
    Action: ['iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:GetRolePolicy', 'iam:ListRolePolicies'],
    Resource: roleArn('device'),
  }
  const grant = { RoleName: 'revoker', PolicyName: 'manage', PolicyDocument: policyText(manage) }
  await iam.send(new PutRolePolicyCommand(grant))
  const principal = 'lambda.amazonaws.com'
  const session = fixture.iam.assumeRole({ roleArn: roleArn('revoker'), sessionName: 'revoke', principal })
  const revoker = fixture.iamClient(session)
  const deny = { PolicyName: 'denied', PolicyDocument: policyText({ Effect: 'Deny', Action: '*', Resource: '*' }) }
  await revoker.send(new PutRolePolicyCommand({ RoleName: 'device', ...deny }))
  const list = () => revoker.send(new ListRolePoliciesCommand({ RoleName: 'device' }))
  expect((await list()).PolicyNames).toEqual(['denied'])
  const named = { RoleName: 'device', PolicyName: 'denied' }
  const { PolicyDocument } = await revoker.send(new GetRolePolicyCommand(named))
  expect(decodeURIComponent(PolicyDocument ?? '')).toBe(deny.PolicyDocument)
  await revoker.send(new DeleteRolePolicyCommand(named))
  expect((await list()).PolicyNames).toEqual([])
  await expect(revoker.send(new DeleteRolePolicyCommand(named))).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  })
  await expect(revoker.send(new PutRolePolicyCommand({ RoleName: 'other', ...deny }))).rejects.toMatchObject({
    name: 'AccessDenied',
  })
  await iam.send(new DeleteRolePolicyCommand({ RoleName: 'revoker', PolicyName: 'manage' }))
  await expect(list()).rejects.toMatchObject({ name: 'AccessDenied' })
})

test('inline policies of a user', async () => {
  const UserName = 'gil'
  await iam.send(new CreateUserCommand({ UserName }))
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'read', PolicyDocument: readBucket }))
  const policy = await iam.send(new GetUserPolicyCommand({ UserName, PolicyName: 'read' }))
  expect(policy).toMatchObject({ UserName, PolicyName: 'read' })
  const large = policyText({ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${'b'.repeat(2000)}` })
  await expect(
    iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'large', PolicyDocument: large })),
  ).rejects.toThrow('Maximum policy size of 2048 bytes exceeded for user gil')
  await expect(iam.send(new GetUserPolicyCommand({ UserName, PolicyName: 'large' }))).rejects.toMatchObject({
    name: 'NoSuchEntityException',
    message: 'The user policy with name large cannot be found.',
  })
  await expect(iam.send(new DeleteUserCommand({ UserName }))).rejects.toMatchObject({ name: 'DeleteConflictException' })
})

test('the life of a managed policy', async () => {
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: 'accesspolicyfors3', PolicyDocument: readBucket, Description: 'd' }),
  )
  const PolicyArn = Policy?.Arn ?? ''
  expect(Policy).toMatchObject({
    Arn: `arn:aws:iam::${accountId}:policy/accesspolicyfors3`,
    PolicyId: expect.stringMatching(/^ANPA[A-Z2-7]{17}$/),
    DefaultVersionId: 'v1',
    AttachmentCount: 0,
    IsAttachable: true,
  })
  const RoleName = 's3-access-role'
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrust }))
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
  const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))
  expect(attached.AttachedPolicies).toEqual([{ PolicyName: 'accesspolicyfors3', PolicyArn }])
  await expect(iam.send(new GetPolicyCommand({ PolicyArn }))).resolves.toMatchObject({ Policy: { AttachmentCount: 1 } })
  const entities = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }))
  expect(entities).toMatchObject({ PolicyRoles: [{ RoleName }], PolicyUsers: [], IsTruncated: false })
  const ofUsers = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn, EntityFilter: 'User' }))
  expect(ofUsers.PolicyRoles).toEqual([])
  const local = await iam.send(new ListPoliciesCommand({ Scope: 'Local', OnlyAttached: true }))
  expect(local.Policies?.map(({ Arn }) => Arn)).toEqual([PolicyArn])

  const remove = () => iam.send(new DeletePolicyCommand({ PolicyArn }))
  await expect(remove()).rejects.toThrow('Cannot delete a policy attached to entities.')
  await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))
  await expect(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }))).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  })
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: readBucket }))
  await expect(remove()).rejects.toThrow(/more than one version/)
  await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }))
  await remove()
  await expect(iam.send(new GetPolicyCommand({ PolicyArn }))).rejects.toThrow(`Policy ${PolicyArn} was not found.`)
})

test('versions of a managed policy: five at most, numbers never used again', async () => {
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'versions', PolicyDocument: readBucket }))
  const PolicyArn = Policy?.Arn ?? ''
  const add = (SetAsDefault: boolean) =>
    iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: readBucket, SetAsDefault }))
  const second = await add(true)
  expect(second.PolicyVersion).toMatchObject({ VersionId: 'v2', IsDefaultVersion: true })
  for (const expected of ['v3', 'v4', 'v5']) {
    const { PolicyVersion } = await add(false)
    expect(PolicyVersion).toMatchObject({ VersionId: expected, IsDefaultVersion: false })
  }
  await expect(add(false)).rejects.toMatchObject({ name: 'LimitExceededException' })
  const remove = (VersionId: string) => iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }))
  await expect(remove('v2')).rejects.toThrow('Cannot delete the default version of a policy.')
  await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v3' }))
  await remove('v5')
  await expect(add(false)).resolves.toMatchObject({ PolicyVersion: { VersionId: 'v6' } })
  const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }))
  expect(Versions?.map(({ VersionId }) => VersionId)).toEqual(['v6', 'v4', 'v3', 'v2', 'v1'])
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v3' }))
  expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toBe(readBucket)
  await expect(remove('v9')).rejects.toMatchObject({ name: 'NoSuchEntityException' })
})

test("AWS's own policies can be read and attached, not changed", async () => {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: administratorAccess }))
  expect(Policy).toMatchObject({ PolicyName: 'AdministratorAccess', Path: '/' })
  await expect(iam.send(new DeletePolicyCommand({ PolicyArn: administratorAccess }))).rejects.toMatchObject({
    name: 'AccessDenied',
  })
  const unknown = 'arn:aws:iam::aws:policy/AmazonS3FullAccess'
  await expect(
    iam.send(new AttachUserPolicyCommand({ UserName: 'operator', PolicyArn: unknown })),
  ).rejects.toMatchObject({
    name: 'NoSuchEntityException',
    message: `Policy ${unknown} does not exist or is not attachable.`,
  })
})

test('a permissions boundary', async () => {
  const RoleName = 'bounded'
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: lambdaTrust,
      PermissionsBoundary: administratorAccess,
    }),
  )
  const boundary = async () => (await iam.send(new GetRoleCommand({ RoleName }))).Role?.PermissionsBoundary
  expect(await boundary()).toEqual({
    PermissionsBoundaryType: 'Policy',
    PermissionsBoundaryArn: administratorAccess,
  })
  await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))
  expect(await boundary()).toBeUndefined()
  const missing = `arn:aws:iam::${accountId}:policy/missing`
  await expect(
    iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: missing })),
  ).rejects.toMatchObject({ name: 'NoSuchEntityException' })
})

test('tags', async () => {
  const RoleName = 'tagged'
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: lambdaTrust }))
  const tag = (...Tags: { Key: string; Value: string }[]) => iam.send(new TagRoleCommand({ RoleName, Tags }))
  const keys = async () => (await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags?.map(({ Key }) => Key)
  await tag({ Key: 'a', Value: '1' }, { Key: 'b', Value: '' })
  await tag({ Key: 'A', Value: '2' })
  expect(await keys()).toEqual(['b', 'A'])
  await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['a'] }))
  expect(await keys()).toEqual(['b'])
  await expect(tag({ Key: 'c', Value: '1' }, { Key: 'C', Value: '2' })).rejects.toThrow(/Duplicate tag keys/)
  await expect(tag({ Key: 'aws:x', Value: '1' })).rejects.toThrow(/System tags/)
  await expect(tag({ Key: '', Value: '1' })).rejects.toMatchObject({ name: 'ValidationError' })
})

test('long lists come in pages, by path where asked', async () => {
  const names = Array.from({ length: 7 }, (_, index) => `page-${index}`)
  for (const UserName of names) await iam.send(new CreateUserCommand({ UserName, Path: '/paged/' }))
  const pages = []
  for await (const { Users } of paginateListUsers({ client: iam, pageSize: 3 }, { PathPrefix: '/paged/' }))
    pages.push(Users?.map(({ UserName }) => UserName))
  expect(pages).toEqual([names.slice(0, 3), names.slice(3, 6), names.slice(6)])
  await expect(iam.send(new ListRolesCommand({ Marker: 'x' }))).rejects.toThrow('Invalid Marker.')
  await expect(iam.send(new ListRolesCommand({ MaxItems: 0 }))).rejects.toThrow(/maxItems/)
})

test.each([
  [{ RoleName: 'plain' }, 'EntityAlreadyExistsException', 'Role with name plain already exists.'],
  [{ RoleName: 'PLAIN' }, 'EntityAlreadyExistsException', 'Role with name PLAIN already exists.'],
  [{ RoleName: 'a b' }, 'ValidationError', /'roleName' failed to satisfy constraint/],
  [{ RoleName: 'r'.repeat(65) }, 'ValidationError', /less than or equal to 64/],
  [{ Path: 'app' }, 'ValidationError', /'path'/],
  [{ MaxSessionDuration: 60 }, 'ValidationError', /greater than or equal to 3600/],
  [{ AssumeRolePolicyDocument: readBucket }, 'MalformedPolicyDocumentException', /Missing required field Principal/],
  [
    { AssumeRolePolicyDocument: policyText({ Effect: 'Allow', Principal: '*', Action: 's3:*' }) },
    'MalformedPolicyDocumentException',
    'AssumeRole policy may only specify STS AssumeRole actions.',
  ],
  [
    { AssumeRolePolicyDocument: trusts({ AWS: `arn:aws:iam::${accountId}:role/nobody` }) },
    'MalformedPolicyDocumentException',
    `Invalid principal in policy: "AWS":"arn:aws:iam::${accountId}:role/nobody"`,
  ],
  [
    { PermissionsBoundary: `arn:aws:iam::${accountId}:policy/missing` },
    'NoSuchEntityException',
    /does not exist or is not attachable/,
  ],
])('CreateRole refuses %j', async (input, name, message) => {
  const role = { RoleName: 'refused', AssumeRolePolicyDocument: lambdaTrust, ...input }
  await expect(iam.send(new CreateRoleCommand(role))).rejects.toMatchObject({
    name,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  })
})
