import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { createEvents } from '#local/events/create-events.ts'
import { createCall } from '#local/gateway/call.ts'
import { createHttpApi } from '#local/http-api/create-http-api.ts'
import { createIam } from '#local/iam/create-iam.ts'
import { createIotControl } from '#local/iot/control/iot-control.ts'
import { createRegistry } from '#local/iot/registry/registry.ts'
import { ruleSyntax } from '#local/iot/rules/rule-syntax.ts'
import { createKms } from '#local/kms/create-kms.ts'
import { createLambda } from '#local/lambda/create-lambda.ts'
import { createS3 } from '#local/s3/create-s3.ts'
import type { Call, Operations } from '#local/service.ts'
import { createSqs } from '#local/sqs/create-sqs.ts'
import { functionResources, writeAssembly } from '../cloud.fixture.ts'
import { createAssetStore } from './asset-store.ts'
import { createDeployer } from './create-deployer.ts'

const arn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })
const document = (...Statement: object[]) => ({ Version: '2012-10-17', Statement })
const allow = (Action: string, Resource: unknown = '*') => ({ Effect: 'Allow', Action, Resource })
const resource = (Type: string, Properties: object = {}) => ({ Type, Properties })
const api = { ApiId: { Ref: 'Api' } }

/** One of each resource type whose service runs in this process. */
const template = {
  Resources: {
    ...functionResources('Function', 'code', [allow('sqs:*')]),
    Log: resource('AWS::Logs::LogGroup', { RetentionInDays: 7 }),
    Key: resource('AWS::KMS::Key', {
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      KeyPolicy: document({
        ...allow('kms:*'),
        Principal: { AWS: { 'Fn::Sub': `arn:aws:iam::\${AWS::AccountId}:root` } },
      }),
    }),
    Alias: resource('AWS::KMS::Alias', { AliasName: 'alias/own', TargetKeyId: { Ref: 'Key' } }),
    Policy: resource('AWS::IAM::Policy', {
      PolicyName: 'more',
      PolicyDocument: document(allow('s3:GetObject')),
      Roles: [{ Ref: 'FunctionRole' }],
    }),
    Managed: resource('AWS::IAM::ManagedPolicy', {
      PolicyDocument: document(allow('iot:*')),
      Roles: [{ Ref: 'FunctionRole' }],
    }),
    Queue: resource('AWS::SQS::Queue'),
    QueuePolicy: resource('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: 'Queue' }],
      PolicyDocument: document({
        ...allow('sqs:SendMessage', arn('Queue')),
        Principal: { Service: 's3.amazonaws.com' },
      }),
    }),
    Bucket: {
      ...resource('AWS::S3::Bucket', {
        VersioningConfiguration: { Status: 'Enabled' },
        NotificationConfiguration: { QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: arn('Queue') }] },
      }),
      DependsOn: 'QueuePolicy',
    },
    BucketPolicy: resource('AWS::S3::BucketPolicy', {
      Bucket: { Ref: 'Bucket' },
      PolicyDocument: document({
        ...allow('s3:GetObject', { 'Fn::Sub': `\${Bucket.Arn}/*` }),
        Effect: 'Deny',
        Principal: '*',
      }),
    }),
    Mapping: resource('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: arn('Queue'),
      FunctionName: { Ref: 'Function' },
      Enabled: false,
    }),
    Permission: resource('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'Function' },
      Principal: 'apigateway.amazonaws.com',
    }),
    Api: resource('AWS::ApiGatewayV2::Api', { Name: 'api', ProtocolType: 'HTTP' }),
    Integration: resource('AWS::ApiGatewayV2::Integration', {
      ...api,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: arn('Function'),
      PayloadFormatVersion: '2.0',
    }),
    Route: resource('AWS::ApiGatewayV2::Route', {
      ...api,
      RouteKey: 'GET /x',
      Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
    }),
    Stage: resource('AWS::ApiGatewayV2::Stage', { ...api, AutoDeploy: true, StageName: '$default' }),
    ThingType: resource('AWS::IoT::ThingType', { ThingTypeName: 'device' }),
    ThingGroup: resource('AWS::IoT::ThingGroup', { Tags: [{ Key: 'a', Value: 'b' }] }),
    Sweep: resource('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 day)',
      Tags: [{ Key: 'a', Value: 'b' }],
      Targets: [{ Id: 'function', Arn: arn('Function') }],
    }),
    DevicePolicy: resource('AWS::IoT::Policy', { PolicyDocument: document(allow('iot:Connect')) }),
    DeviceRole: resource('AWS::IAM::Role', {
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { Service: ['credentials.iot.amazonaws.com', 'iot.amazonaws.com'] },
        Action: 'sts:AssumeRole',
      }),
    }),
    RoleAlias: resource('AWS::IoT::RoleAlias', { RoleAlias: 'alias', RoleArn: arn('DeviceRole') }),
    Rule: resource('AWS::IoT::TopicRule', {
      TopicRulePayload: {
        Sql: "SELECT * FROM 'a/b'",
        Actions: [{ Sqs: { QueueUrl: { Ref: 'Queue' }, RoleArn: arn('DeviceRole'), UseBase64: false } }],
      },
    }),
  },
}

function startServices() {
  const folder = mkdtempSync(join(tmpdir(), 'interrupted-'))
  const log = () => {}
  const common = { accountId: '000000000000', region: 'us-east-1', clock: () => new Date(), log, endpoint: () => '' }
  const under = (name: string) => ({ ...common, folder: join(folder, name) })
  const iam = createIam(under('iam'))
  const { authorizer, credentials } = iam
  const sqs = createSqs({ ...under('sqs'), endpoint: () => 'http://127.0.0.1:1' })
  const kms = createKms(under('kms'))
  const s3 = createS3({ ...under('s3'), authorizer, credentials, notify: () => {} })
  const assets = createAssetStore(join(folder, 'assets'))
  const lambda = createLambda({
    ...under('lambda'),
    logFolder: join(folder, 'logs'),
    authorizer,
    sqs: sqs.operations,
    assumeRole: (roleArn, sessionName) => iam.assumeRole({ roleArn, sessionName, principal: 'lambda.amazonaws.com' }),
    findCode: (_bucket, key) => assets.find(key),
  })
  const events = createEvents({ ...under('events'), authorizer, lambda: lambda.operations, sqs: sqs.operations })
  const httpApi = createHttpApi({ ...under('api'), authorizer, credentials, lambda: lambda.operations })
  const registry = createRegistry(under('iot'))
  const endpoints = () => ({ data: 'localhost:1', credentials: 'localhost:2' })
  const iot = createIotControl({ ...common, registry, rules: ruleSyntax, endpoints })

  let callsLeft = Number.POSITIVE_INFINITY
  /** Does what is asked, and ends before it can say so. */
  const interruptible = (operations: Operations): Operations =>
    Object.fromEntries(
      Object.entries(operations).map(([name, run]) => [
        name,
        async (input: unknown, call: Call) => {
          if (callsLeft <= 0) throw new Error('interrupted')
          const output = await run(input, call)
          if (--callsLeft <= 0) throw new Error('interrupted')
          return output
        },
      ]),
    )
  const services: Readonly<Record<string, Operations>> = {
    apigateway: httpApi.operations,
    events: events.operations,
    iam: iam.operations,
    iot: iot.operations,
    kms: kms.operations,
    lambda: lambda.operations,
    logs: lambda.logs.operations,
    s3: s3.operations,
    sqs: sqs.operations,
  }
  const ownerCall = () =>
    createCall({ authorizer, caller: iam.root, requestId: 'test', sourceIp: '127.0.0.1', context: {} })
  const deployer = createDeployer({
    ...under('deploy'),
    assets,
    ownerCall,
    secureContext: () => createSecureContext(),
    services: Object.fromEntries(Object.entries(services).map(([name, ops]) => [name, interruptible(ops)])),
  })
  onTestFinished(async () => {
    deployer.close()
    await lambda.close()
    await httpApi.close()
    await events.close()
    await s3.close()
    for (const service of [registry, kms, sqs, iam]) service.close()
    rmSync(folder, { recursive: true })
  })
  return {
    deployer,
    interruptAfter: (calls: number) => {
      callsLeft = calls
    },
    // biome-ignore lint/suspicious/noExplicitAny: outputs have the shape of the AWS API model
    call: async (service: string, operation: string, input = {}): Promise<any> =>
      services[service]?.[operation]?.(input, ownerCall()),
  }
}

async function countAll({ call }: ReturnType<typeof startServices>) {
  const { Items: apis } = await call('apigateway', 'GetApis')
  return {
    keys: (await call('kms', 'ListKeys')).Keys.length,
    aliases: (await call('kms', 'ListAliases')).Aliases.length,
    roles: (await call('iam', 'ListRoles')).Roles.length,
    policies: (await call('iam', 'ListPolicies', { Scope: 'Local' })).Policies.length,
    queues: (await call('sqs', 'ListQueues')).QueueUrls.length,
    functions: (await call('lambda', 'ListFunctions')).Functions.length,
    mappings: (await call('lambda', 'ListEventSourceMappings')).EventSourceMappings.length,
    apis: apis.length,
    routes: (await call('apigateway', 'GetRoutes', { ApiId: apis[0].ApiId })).Items.length,
    logGroups: (await call('logs', 'DescribeLogGroups')).logGroups.length,
    devicePolicies: (await call('iot', 'ListPolicies')).policies.length,
    roleAliases: (await call('iot', 'ListRoleAliases')).roleAliases.length,
    rules: (await call('iot', 'ListTopicRules')).rules.length,
    schedules: (await call('events', 'ListRules')).Rules.length,
    thingGroups: (await call('iot', 'ListThingGroups')).thingGroups.length,
    thingTypes: (await call('iot', 'ListThingTypes')).thingTypes.length,
  }
}

test('a deployment that is cut off after any call goes on, and makes nothing twice', { timeout: 60_000 }, async () => {
  const assembly = writeAssembly(template, { code: 'exports.handler = async () => {}' })
  const services = startServices()
  for (let calls = 1; ; calls++) {
    services.interruptAfter(calls)
    const done = await services.deployer.deploy({ assembly }).catch((error: Error) => error)
    if (!(done instanceof Error)) break
    expect(done.message).toMatch(/interrupted$/)
  }
  expect(await countAll(services)).toEqual({
    keys: 1,
    aliases: 1,
    roles: 2,
    policies: 1,
    queues: 1,
    functions: 1,
    mappings: 1,
    apis: 1,
    routes: 1,
    logGroups: 1,
    devicePolicies: 1,
    roleAliases: 1,
    rules: 1,
    schedules: 1,
    thingGroups: 1,
    thingTypes: 1,
  })
})
