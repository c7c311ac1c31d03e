import {
  AttachPolicyCommand,
  AttachPrincipalPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachPolicyCommand,
  DetachPrincipalPolicyCommand,
  GetEffectivePoliciesCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListAttachedPoliciesCommand,
  ListPoliciesCommand,
  ListPolicyPrincipalsCommand,
  ListPolicyVersionsCommand,
  ListPrincipalPoliciesCommand,
  ListTargetsForPolicyCommand,
  RegisterCertificateWithoutCACommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority } from './certificate-fixture.ts'
import { type Control, startControl } from './control-fixture.ts'

let control: Control
let send: Control['client']['send']
let certificateArn = ''
beforeAll(async () => {
  control = await startControl()
  send = control.client.send.bind(control.client)
  const certificatePem = await (await createAuthority()).sign('device')
  certificateArn = (await send(new RegisterCertificateWithoutCACommand({ certificatePem }))).certificateArn ?? ''
})
afterAll(() => control.close())

const documentOf = (client: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: `arn:aws:iot:eu-central-1:123456789012:client/${client}` },
    ],
  })
const create = (policyName: string, policyDocument = documentOf('*')) =>
  send(new CreatePolicyCommand({ policyName, policyDocument }))

test('a policy has up to five versions, of which one is in force', async () => {
  const policyName = 'Versions+=,.@-'
  const created = await create(policyName)
  expect(created).toMatchObject({
    policyArn: `arn:aws:iot:eu-central-1:123456789012:policy/${policyName}`,
    policyVersionId: '1',
    policyDocument: documentOf('*'),
  })
  for (const versionId of ['2', '3', '4', '5']) {
    const policyDocument = documentOf(versionId)
    const setAsDefault = versionId === '3'
    const version = await send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault }))
    expect(version).toMatchObject({ policyVersionId: versionId, isDefaultVersion: setAsDefault })
  }
  const sixth = new CreatePolicyVersionCommand({ policyName, policyDocument: documentOf('6') })
  await expect(send(sixth)).rejects.toMatchObject({
    name: 'VersionsLimitExceededException',
    message: `The policy ${policyName} already has the maximum number of versions (5)`,
    $metadata: { httpStatusCode: 409 },
  })
  expect(await send(new GetPolicyCommand({ policyName }))).toMatchObject({
    defaultVersionId: '3',
    policyDocument: documentOf('3'),
    generationId: expect.stringMatching(/^[0-9a-f]{64}$/),
  })

  await send(new SetDefaultPolicyVersionCommand({ policyName, policyVersionId: '2' }))
  expect(await send(new GetPolicyVersionCommand({ policyName, policyVersionId: '2' }))).toMatchObject({
    isDefaultVersion: true,
    policyDocument: documentOf('2'),
  })
  await expect(send(new DeletePolicyVersionCommand({ policyName, policyVersionId: '2' }))).rejects.toMatchObject({
    message: 'Cannot delete the default version of a policy',
  })
  await expect(send(new DeletePolicyCommand({ policyName }))).rejects.toMatchObject({ name: 'DeleteConflictException' })

  for (const policyVersionId of ['1', '3', '4', '5']) {
    await send(new DeletePolicyVersionCommand({ policyName, policyVersionId }))
  }
  expect((await send(sixth)).policyVersionId).toBe('6')
  const { policyVersions } = await send(new ListPolicyVersionsCommand({ policyName }))
  expect(policyVersions).toEqual([
    { versionId: '2', isDefaultVersion: true, createDate: expect.any(Date) },
    { versionId: '6', isDefaultVersion: false, createDate: expect.any(Date) },
  ])
  await send(new DeletePolicyVersionCommand({ policyName, policyVersionId: '6' }))
  await send(new DeletePolicyCommand({ policyName }))
  await expect(send(new GetPolicyCommand({ policyName }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
})

test('a name is taken once', async () => {
  await create('once')
  await expect(create('once')).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
    message: 'Policy cannot be created - name already exists (name=once)',
  })
  const { policies } = await send(new ListPoliciesCommand({ ascendingOrder: true }))
  expect(policies).toContainEqual({
    policyName: 'once',
    policyArn: 'arn:aws:iot:eu-central-1:123456789012:policy/once',
  })
})

test('a malformed or oversized document is refused', async () => {
  const statement = { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }
  const documents = [
    '{',
    '[]',
    JSON.stringify({ Version: '2012-10-17' }),
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Effect: 'Maybe' }] }),
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Principal: '*' }] }),
    JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Condition: { Unknown: { 'iot:a': 'b' } } }] }),
    documentOf('x'.repeat(2048)),
  ]
  for (const document of documents) {
    await expect(create('bad', document), document).rejects.toMatchObject({ name: 'MalformedPolicyException' })
  }
  await create('padded', documentOf('*').replace('{', `{${' '.repeat(3000)}`))
})

test('policies are attached to certificates and groups, and listed from either side', async () => {
  const group = (await send(new CreateThingGroupCommand({ thingGroupName: 'parent' }))).thingGroupArn ?? ''
  const child = await send(new CreateThingGroupCommand({ thingGroupName: 'child', parentGroupName: 'parent' }))
  for (const policyName of ['own', 'inherited', 'loose']) await create(policyName)
  await send(new AttachPolicyCommand({ policyName: 'own', target: certificateArn }))
  await send(new AttachPolicyCommand({ policyName: 'own', target: certificateArn }))
  await send(new AttachPolicyCommand({ policyName: 'inherited', target: group }))

  const attached = async (target: string | undefined, recursive = false) =>
    (await send(new ListAttachedPoliciesCommand({ target, recursive }))).policies?.map((policy) => policy.policyName)
  expect(await attached(certificateArn)).toEqual(['own'])
  expect(await attached(child.thingGroupArn)).toEqual([])
  expect(await attached(child.thingGroupArn, true)).toEqual(['inherited'])
  expect((await send(new ListTargetsForPolicyCommand({ policyName: 'own' }))).targets).toEqual([certificateArn])

  await send(new CreateThingCommand({ thingName: 'device' }))
  const effective = async () => {
    const request = new GetEffectivePoliciesCommand({ principal: certificateArn, thingName: 'device' })
    return (await send(request)).effectivePolicies?.map((policy) => policy.policyName)
  }
  control.registry.groupMembers.add('child', 'device')
  expect(await effective()).toEqual(['own'])
  control.registry.thingPrincipals.add('device', certificateArn.split('/')[1] ?? '')
  expect(await effective()).toEqual(['own', 'inherited'])

  await expect(send(new DeletePolicyCommand({ policyName: 'own' }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
    message: 'The policy cannot be deleted as the policy is attached to one or more principals (name=own)',
  })
  await send(new DetachPolicyCommand({ policyName: 'own', target: certificateArn }))
  await send(new DetachPolicyCommand({ policyName: 'own', target: certificateArn }))
  expect(await effective()).toEqual(['inherited'])
})

test('a certificate has at most ten policies, a group two', async () => {
  const group = (await send(new CreateThingGroupCommand({ thingGroupName: 'full' }))).thingGroupArn ?? ''
  for (let i = 0; i <= 10; i++) await create(`limit-${i}`)
  const attach = (index: number, target: string) =>
    send(new AttachPolicyCommand({ policyName: `limit-${index}`, target }))
  for (let i = 0; i < 10; i++) await attach(i, certificateArn)
  await expect(attach(10, certificateArn)).rejects.toMatchObject({ name: 'LimitExceededException' })
  for (let i = 0; i < 2; i++) await attach(i, group)
  await expect(attach(2, group)).rejects.toMatchObject({ name: 'LimitExceededException' })
  for (let i = 0; i < 10; i++) {
    await send(new DetachPolicyCommand({ policyName: `limit-${i}`, target: certificateArn }))
  }
})

test('the deprecated principal operations work on certificates only', async () => {
  const group = (await send(new CreateThingGroupCommand({ thingGroupName: 'no-cert' }))).thingGroupArn
  const policyName = 'deprecated'
  await create(policyName)
  await send(new AttachPrincipalPolicyCommand({ policyName, principal: certificateArn }))
  expect((await send(new ListPrincipalPoliciesCommand({ principal: certificateArn }))).policies).toHaveLength(1)
  expect((await send(new ListPolicyPrincipalsCommand({ policyName }))).principals).toEqual([certificateArn])
  await send(new DetachPrincipalPolicyCommand({ policyName, principal: certificateArn }))
  await expect(send(new AttachPrincipalPolicyCommand({ policyName, principal: group }))).rejects.toMatchObject({
    message: 'The given ARN does not represent a cert',
  })
})

test('a target that does not exist, or that cannot be one, is refused', async () => {
  await create('nowhere')
  const attach = (target: string) => send(new AttachPolicyCommand({ policyName: 'nowhere', target }))
  const prefix = 'arn:aws:iot:eu-central-1:123456789012'
  await expect(attach(`${prefix}:cert/${'0'.repeat(64)}`)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await expect(attach(`${prefix}:thinggroup/none`)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await expect(attach(`${prefix}:thing/none`)).rejects.toMatchObject({ name: 'InvalidRequestException' })
  await expect(attach('eu-central-1:11111111-2222-3333-4444-555555555555')).rejects.toMatchObject({
    name: 'NotImplemented',
  })
})
