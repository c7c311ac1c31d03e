import { readFileSync } from 'node:fs'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect, test } from 'vitest'
import { deploy, functionResources, openCloud } from '../cloud.fixture.ts'
import type { Cloud } from '../cloud.ts'
import { Sha256 } from './sha256-fixture.ts'

const arn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })
const allow = (Action: string, Resource: unknown, more: object = {}) => ({ Effect: 'Allow', Action, Resource, ...more })
const document = (...Statement: object[]) => ({ Version: '2012-10-17', Statement })
const resource = (Type: string, Properties: object) => ({ Type, Properties })
const thingName = `\${!credentials-iot:ThingName}`

const routes = ['POST /v1/things/{thing}/claims', 'POST /v1/things/{thing}/claims/{id}', 'POST /v1/any/{proxy+}']

const template = {
  Resources: {
    ...functionResources('Echo', 'echo'),
    Api: resource('AWS::ApiGatewayV2::Api', { Name: 'api', ProtocolType: 'HTTP' }),
    Integration: resource('AWS::ApiGatewayV2::Integration', {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: arn('Echo'),
      PayloadFormatVersion: '2.0',
    }),
    ...Object.fromEntries(
      routes.map((RouteKey, index) => [
        `Route${index}`,
        resource('AWS::ApiGatewayV2::Route', {
          ApiId: { Ref: 'Api' },
          RouteKey,
          AuthorizationType: 'AWS_IAM',
          Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
        }),
      ]),
    ),
    Stage: resource('AWS::ApiGatewayV2::Stage', { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true }),
    Permission: resource('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName: arn('Echo'),
      Principal: 'apigateway.amazonaws.com',
    }),
    Bucket: resource('AWS::S3::Bucket', {}),
    DeviceRole: resource('AWS::IAM::Role', {
      RoleName: 'device',
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { Service: 'credentials.iot.amazonaws.com' },
        Action: 'sts:AssumeRole',
      }),
      Policies: [
        {
          PolicyName: 'own',
          PolicyDocument: document(
            allow('execute-api:Invoke', {
              'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*/POST/v1/things/${thingName}/*`,
            }),
            allow('s3:PutObject', { 'Fn::Sub': `\${Bucket.Arn}/${thingName}/*` }),
          ),
        },
      ],
    }),
    Alias: resource('AWS::IoT::RoleAlias', { RoleAlias: 'device', RoleArn: arn('DeviceRole') }),
    Type: resource('AWS::IoT::ThingType', { ThingTypeName: 'press' }),
    Policy: resource('AWS::IoT::Policy', {
      PolicyName: 'device',
      PolicyDocument: document(allow('iot:AssumeRoleWithCertificate', '*')),
    }),
  },
  Outputs: { Bucket: { Value: { Ref: 'Bucket' } }, Api: { Value: { Ref: 'Api' } } },
}
const echo = `exports.handler = async ({ pathParameters, requestContext }) => ({
  statusCode: 200, body: JSON.stringify({ pathParameters, iam: requestContext.authorizer.iam }),
})`

interface Session {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

async function startFleet(options: Parameters<typeof openCloud>[0] = {}) {
  const cloud = await openCloud(options)
  const { outputs } = await deploy(cloud, template, { echo })
  const connection = {
    endpoint: cloud.endpoints.gateway,
    region: cloud.region,
    credentials: cloud.operatorCredentials,
  }
  const iot = new IoTClient(connection)
  const iam = new IAMClient(connection)

  async function addDevice(name: string) {
    await iot.send(new CreateThingCommand({ thingName: name, thingTypeName: 'press' }))
    const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: true }))
    const { certificateArn: principal, certificatePem: cert, keyPair, certificateId = '' } = made
    await iot.send(new AttachThingPrincipalCommand({ thingName: name, principal }))
    await iot.send(new AttachPolicyCommand({ policyName: 'device', target: principal }))
    const session = () => trade(cloud, { cert, key: keyPair?.PrivateKey }, name)
    return { certificateId, session }
  }

  return {
    cloud,
    bucket: outputs.Bucket ?? '',
    addDevice,
    putObject: (credentials: Session, Key: string) =>
      new S3Client({ ...connection, credentials, forcePathStyle: true }).send(
        new PutObjectCommand({ Bucket: outputs.Bucket, Key, Body: 'x' }),
      ),
    deny: (PolicyName: string, Condition: object) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName: 'device',
          PolicyName,
          PolicyDocument: JSON.stringify(document({ Effect: 'Deny', Action: '*', Resource: '*', Condition })),
        }),
      ),
  }
}

/** Credentials for a certificate. */
function trade(cloud: Cloud, tls: { cert: string | undefined; key: string | undefined }, name: string) {
  const url = new URL('/role-aliases/device/credentials', cloud.endpoints.credentials)
  const headers = { 'x-amzn-iot-thingname': name }
  return new Promise<Session>((resolve, reject) => {
    const sent = requestHttps(url, { ...tls, headers, ca: readFileSync(cloud.caFile) }, async (response) => {
      const { credentials } = JSON.parse((await response.setEncoding('utf8').toArray()).join(''))
      const { accessKeyId, secretAccessKey, sessionToken } = credentials
      resolve({ accessKeyId, secretAccessKey, sessionToken })
    })
    sent.on('error', reject).end()
  })
}

/** Sends a signed POST to a path as it stands here. */
async function post(cloud: Cloud, credentials: Session, path: string) {
  const { hostname, port } = new URL(cloud.endpoints.api)
  const signer = new SignatureV4({
    service: 'execute-api',
    region: cloud.region,
    credentials,
    sha256: Sha256,
  })
  const message = { method: 'POST', protocol: 'http:', hostname, path, headers: { host: `${hostname}:${port}` } }
  const { headers } = await signer.sign({ ...message, body: '' })
  return new Promise<{ status: number | undefined; body: Record<string, Record<string, string>> }>(
    (resolve, reject) => {
      const sent = requestHttp({ hostname, port, path, method: 'POST', headers }, async (response) => {
        const text = (await response.setEncoding('utf8').toArray()).join('')
        resolve({ status: response.statusCode, body: JSON.parse(text) })
      })
      sent.on('error', reject).end()
    },
  )
}

test('a device calls the paths of its own thing only, however it writes them', async () => {
  const { cloud, addDevice } = await startFleet()
  const device = await addDevice('press-1')
  const session = await device.session()
  const own = await post(cloud, session, '/v1/things/press-1/claims')
  expect(own).toMatchObject({ status: 200, body: { pathParameters: { thing: 'press-1' } } })
  const { iam } = own.body
  expect(iam).toMatchObject({
    accessKey: session.accessKeyId,
    accountId: cloud.accountId,
    userArn: `arn:aws:sts::${cloud.accountId}:assumed-role/device/${device.certificateId}`,
    userId: expect.stringMatching(new RegExp(`^AROA[A-Z2-7]{17}:${device.certificateId}$`)),
    callerId: iam?.userId,
  })
  expect((await post(cloud, session, '/v1/things/press%2D1/claims')).body.pathParameters).toEqual({ thing: 'press-1' })

  for (const path of [
    '/v1/things/press-2/claims',
    '/v1/things/press-10/claims',
    '/v1/things/press%2D2/claims',
    '/v1/things/press-1/../press-2/claims',
    '/v1/things/press-1%2F../press-2/claims',
    '/v1/things/press-1%2F..%2Fpress-2/claims',
    '/v1/things/press-1%2f%2e%2e%2fpress-2/claims',
    '//v1/things/press-2/claims',
    '/v1//things/press-2/claims',
    '/v1/things//press-2/claims',
    '/v1/things/./press-2/claims',
    '/v1/things/press-1//../press-2/claims',
    // The wildcard in the place of the stage reaches over what looks like another path.
    '/v1/things/press-2/claims/x%2FPOST%2Fv1%2Fthings%2Fpress-1%2Fy',
    '/v1/things/press-2/claims/%2fPOST%2fv1%2fthings%2fpress-1%2f',
    '/v1/any/press-2',
  ]) {
    const { status = 0 } = await post(cloud, session, path)
    expect([path, [403, 404].includes(status)]).toEqual([path, true])
  }
})

test('a denial of a certificate, a thing or a type ends what sessions may do, at once', async () => {
  const { cloud, addDevice, putObject, deny } = await startFleet()
  const sessions: Record<string, Session> = {}
  const devices: Record<string, { certificateId: string }> = {}
  for (const name of ['press-1', 'press-2', 'press-3']) {
    const device = await addDevice(name)
    devices[name] = device
    sessions[name] = await device.session()
  }
  const works = async (name: string) => {
    const session = sessions[name] as Session
    const { status } = await post(cloud, session, `/v1/things/${name}/claims`)
    const stored = await putObject(session, `${name}/a`).then(
      () => 200,
      (error) => error.$metadata.httpStatusCode,
    )
    return [status, stored]
  }
  for (const name of Object.keys(devices)) expect(await works(name)).toEqual([200, 200])

  const certificateId = devices['press-1']?.certificateId
  await deny('certificate', { StringEquals: { 'credentials-iot:AwsCertificateId': certificateId } })
  expect(await works('press-1')).toEqual([403, 403])
  expect(await works('press-2')).toEqual([200, 200])
  await deny('thing', { StringEquals: { 'credentials-iot:ThingName': ['press-2', 'press-9'] } })
  expect(await works('press-2')).toEqual([403, 403])
  expect(await works('press-3')).toEqual([200, 200])
  await deny('type', { StringEquals: { 'credentials-iot:ThingTypeName': 'press' } })
  expect(await works('press-3')).toEqual([403, 403])
})

test('a denial of what was issued before a moment ends older sessions only', async () => {
  let aheadMs = 0
  const fleet = await startFleet({ clock: () => new Date(Date.now() + aheadMs) })
  const device = await fleet.addDevice('press-1')
  const older = await device.session()
  aheadMs = 2000
  const cutoff = new Date(Date.now() + aheadMs)
  await fleet.deny('older', { DateLessThan: { 'aws:TokenIssueTime': cutoff.toISOString() } })
  aheadMs = 4000
  const newer = await device.session()
  const call = async (session: Session) => (await post(fleet.cloud, session, '/v1/things/press-1/claims')).status
  expect([await call(older), await call(newer)]).toEqual([403, 200])
  await expect(fleet.putObject(older, 'press-1/a')).rejects.toMatchObject({ name: 'AccessDenied' })
  await fleet.putObject(newer, 'press-1/a')
})
