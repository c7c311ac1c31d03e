import { expect, onTestFinished, test } from 'vitest'
import { createCall } from '#local/gateway/call.ts'
import type { Caller, PolicyDocument } from '#local/service.ts'
import type { DecisionRecord } from './decisions.ts'
import { accountId, policyText, startIam, trusts } from './iam-fixture.ts'
import { authorizePassRole } from './pass-role.ts'

const roleArn = `arn:aws:iam::${accountId}:role/fn`
const object = 'arn:aws:s3:::bucket/a'

async function start(...statements: Readonly<Record<string, unknown>>[]) {
  const fixture = await startIam()
  onTestFinished(fixture.stop)
  const { iam } = fixture
  const asRoot = callOf(iam.root)
  const run = (operation: string, input: object) => iam.operations[operation]?.(input, asRoot)
  run('CreateRole', { RoleName: 'fn', AssumeRolePolicyDocument: trusts({ Service: 'lambda.amazonaws.com' }) })
  const grant = (PolicyName: string, text: string) =>
    run('PutRolePolicy', { RoleName: 'fn', PolicyName, PolicyDocument: text })
  if (statements.length > 0) grant('grants', policyText(...statements))
  const { caller } = iam.assumeRole({ roleArn, sessionName: 'fn', principal: 'lambda.amazonaws.com' })
  function callOf(caller: Caller) {
    return createCall({ authorizer: iam.authorizer, caller, requestId: 'r-1', sourceIp: '127.0.0.1', context: {} })
  }
  return { iam, caller, call: callOf(caller), run, grant }
}

const allow = (Action: string, Resource = '*') => ({ Effect: 'Allow', Action, Resource })
const user = `arn:aws:sts::${accountId}:assumed-role/fn/fn`

test.each([
  ['nothing allows', [], 'because no identity-based policy allows the s3:PutObject action'],
  [
    'an explicit deny',
    [{ ...allow('s3:PutObject'), Effect: 'Deny' }],
    'with an explicit deny in an identity-based policy',
  ],
])('%s: the words of AWS', async (_name, statements, reason) => {
  const { iam, caller } = await start(...statements)
  const message = `User: ${user} is not authorized to perform: s3:PutObject on resource: "${object}" ${reason}`
  expect(() => iam.authorizer.require(caller, 's3:PutObject', object)).toThrow(
    expect.objectContaining({ code: 'AccessDenied', status: 403, message }),
  )
})

test('a change of policy takes effect at once', async () => {
  const { iam, caller, run, grant } = await start()
  const ask = () => iam.authorizer.require(caller, 's3:PutObject', object)
  expect(ask).toThrow()
  grant('later', policyText(allow('s3:PutObject')))
  expect(ask).not.toThrow()
  run('DeleteRolePolicy', { RoleName: 'fn', PolicyName: 'later' })
  expect(ask).toThrow()
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  run('AttachRolePolicy', { RoleName: 'fn', PolicyArn })
  expect(ask).not.toThrow()
  const lambdaOnly = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'
  run('PutRolePermissionsBoundary', { RoleName: 'fn', PermissionsBoundary: lambdaOnly })
  expect(ask).toThrow(/because no permissions boundary allows the s3:PutObject action/)
  run('DeleteRolePermissionsBoundary', { RoleName: 'fn' })
  expect(ask).not.toThrow()
})

test("a resource policy's word counts, and nobody else's", async () => {
  const { iam } = await start()
  const resourcePolicy: PolicyDocument = {
    Statement: [{ ...allow('sqs:SendMessage'), Principal: { Service: 's3.amazonaws.com' } }],
  }
  const service = (arn: string): Caller => ({ kind: 'service', arn, accountId, userId: arn, context: {} })
  const ask = (arn: string, policy?: PolicyDocument) => () =>
    iam.authorizer.require(service(arn), 'sqs:SendMessage', 'arn:aws:sqs:::q', { resourcePolicy: policy })
  expect(ask('s3.amazonaws.com', resourcePolicy)).not.toThrow()
  expect(ask('sns.amazonaws.com', resourcePolicy)).toThrow(/because no resource-based policy allows/)
  expect(ask('s3.amazonaws.com')).toThrow()
})

test('a key policy must let the account in before an identity policy counts', async () => {
  const { iam, caller } = await start(allow('kms:Sign'))
  const keyPolicy = (AWS: string) => ({ Statement: { ...allow('kms:*'), Principal: { AWS } } })
  const ask = (AWS: string) => () =>
    iam.authorizer.require(caller, 'kms:Sign', 'arn:aws:kms:::key/1', { resourcePolicy: keyPolicy(AWS) })
  expect(ask(`arn:aws:iam::${accountId}:root`)).not.toThrow()
  expect(ask(roleArn)).not.toThrow()
  expect(ask('arn:aws:iam::111111111111:root')).toThrow(/no resource-based policy allows the kms:Sign action/)
})

test('passing a role is allowed for the service it is meant for', async () => {
  const condition = { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } }
  const { call } = await start({ ...allow('iam:PassRole', roleArn), Condition: condition })
  expect(() => authorizePassRole(call, roleArn, 'iot.amazonaws.com')).not.toThrow()
  expect(() => authorizePassRole(call, roleArn, 'lambda.amazonaws.com')).toThrow(/iam:PassRole/)
})

test('decisions tell which statement was needed, and whose', async () => {
  const { iam, caller } = await start(allow('s3:*'), { ...allow('s3:Put*', 'arn:aws:s3:::bucket/*'), Sid: 'Write' })
  const records: DecisionRecord[] = []
  const end = iam.decisions.subscribe((record) => records.push(record))
  iam.authorizer.require(caller, 's3:PutObject', object)
  expect(() => iam.authorizer.require(caller, 'sqs:SendMessage', '*')).toThrow()
  end()
  iam.authorizer.require(caller, 's3:GetObject', object)
  const source = { policyType: 'identity', owner: roleArn, policyName: 'grants', effect: 'Allow' }
  expect(records).toEqual([
    {
      caller,
      action: 's3:PutObject',
      resource: object,
      outcome: 'allow',
      decidedBy: 'identity',
      statements: [
        { ...source, statementIndex: 0, sid: undefined, actionPattern: 's3:*', resourcePattern: '*' },
        {
          ...source,
          statementIndex: 1,
          sid: 'Write',
          actionPattern: 's3:Put*',
          resourcePattern: 'arn:aws:s3:::bucket/*',
        },
      ],
    },
    {
      caller,
      action: 'sqs:SendMessage',
      resource: '*',
      outcome: 'implicit-deny',
      decidedBy: 'identity',
      statements: [],
    },
  ])
})
