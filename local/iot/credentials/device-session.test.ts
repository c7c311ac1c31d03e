import { once } from 'node:events'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callOf, createRole } from '../testing/create-role.ts'
import { type CredentialsFixture, startCredentialsProvider } from '../testing/start-credentials-provider.ts'

let fixture: CredentialsFixture
beforeAll(async () => {
  fixture = await startCredentialsProvider()
})
afterAll(() => fixture.close())

const ownPrefix = `arn:aws:s3:::uploads/\${credentials-iot:ThingName}/*`

async function addUploader(name: string, statements: readonly object[]): Promise<void> {
  fixture.addAlias(name, await createRole(fixture.iam, { name, trusts: 'credentials.iot.amazonaws.com', statements }))
}

/** Trades the certificate of a new device, and gives what the session behind the credentials may do. */
async function trade(name: string, alias: string, thing: { thingTypeName?: string } | undefined) {
  const { iam, registry } = fixture
  const device = await fixture.addDevice(name)
  if (thing) {
    fixture.addThing(name, thing)
    registry.thingPrincipals.add(name, device.certificateId)
  }
  const { body } = await fixture.ask(device, { alias, ...(thing && { thingName: name }) })
  const find = () => iam.credentials.find(body.credentials?.accessKeyId ?? '', body.credentials?.sessionToken)
  return {
    device,
    caller: find().caller,
    authorize: (action: string, resource: string) => callOf(iam, find().caller).authorize(action, resource),
  }
}

const denied = expect.objectContaining({ code: 'AccessDenied' })

test('the thing’s name in the role’s policy is the one that the credentials were asked for', async () => {
  await addUploader('by-name', [{ Effect: 'Allow', Action: 's3:PutObject', Resource: ownPrefix }])
  const named = await trade('press-1', 'by-name', {})
  named.authorize('s3:PutObject', 'arn:aws:s3:::uploads/press-1/a')
  expect(() => named.authorize('s3:PutObject', 'arn:aws:s3:::uploads/press-10/a')).toThrow(denied)
  const nameless = await trade('press-2', 'by-name', undefined)
  expect(() => nameless.authorize('s3:PutObject', 'arn:aws:s3:::uploads/press-2/a')).toThrow(denied)
})

test('the thing’s type is told for a thing that has one, and only with the thing’s name', async () => {
  expect((await trade('typed', 'uploads', { thingTypeName: 'press' })).caller.context).toHaveProperty(
    'credentials-iot:ThingTypeName',
    'press',
  )
  for (const thing of [{}, undefined]) {
    const { caller } = await trade(`untyped-${thing !== undefined}`, 'uploads', thing)
    expect(caller.context).not.toHaveProperty('credentials-iot:ThingTypeName')
  }
})

test('credentials outlive their certificate, and a denial of the certificate ends what they may do', async () => {
  const { iam, registry } = fixture
  await addUploader('denied', [{ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }])
  const { device, authorize } = await trade('stolen', 'denied', {})
  const record = registry.certificates.get(device.certificateId)
  if (record) registry.certificates.put(device.certificateId, { ...record, status: 'REVOKED' })
  authorize('s3:PutObject', 'arn:aws:s3:::uploads/a')

  const Condition = { StringEquals: { 'credentials-iot:AwsCertificateId': device.certificateId } }
  const Statement = [{ Effect: 'Deny', Action: '*', Resource: '*', Condition }]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam.operations.PutRolePolicy?.({ RoleName: 'denied', PolicyName: 'stolen', PolicyDocument }, callOf(iam))
  expect(() => authorize('s3:PutObject', 'arn:aws:s3:::uploads/a')).toThrow(denied)
})

test('credentials live for as long as the alias says', async () => {
  fixture.addAlias('brief', fixture.registry.roleAliases.get('uploads')?.roleArn ?? '', 900)
  const { body } = await fixture.ask(await fixture.addDevice('brief'), { alias: 'brief' })
  const secondsLeft = (Date.parse(body.credentials?.expiration ?? '') - Date.now()) / 1000
  expect(secondsLeft).toBeGreaterThan(880)
  expect(secondsLeft).toBeLessThanOrEqual(900)
})

test('what the role’s policies read of a thing means nothing in an IoT policy', async () => {
  const device = await fixture.addDevice('confused', [
    {
      Effect: 'Allow',
      Action: 'iot:AssumeRoleWithCertificate',
      Resource: '*',
      Condition: { StringLike: { 'credentials-iot:ThingName': '*' } },
    },
  ])
  fixture.addThing('confused')
  fixture.registry.thingPrincipals.add('confused', device.certificateId)
  expect(await fixture.ask(device, { thingName: 'confused' })).toMatchObject({
    status: 403,
    body: { message: 'Access Denied' },
  })
})

test('a client that does not name the server does not get through the handshake', async () => {
  const { cert, key } = await fixture.addDevice('nameless')
  const socket = connect({ host: '127.0.0.1', port: fixture.port, cert, key, ca: fixture.identity.caCertificatePem })
  const [error] = await once(socket, 'error')
  expect(error.code).toMatch(/^ERR_SSL|ECONNRESET/)
})
