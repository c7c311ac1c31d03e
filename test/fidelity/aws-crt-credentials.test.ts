import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { CreateRoleAliasCommand } from '@aws-sdk/client-iot'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { auth, http, io } from 'aws-iot-device-sdk-v2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'
import { createDevice, type Identity, iotClient, mayDoAll } from './foreign-device.ts'

let foreign: ForeignCloud
let proxy: Server
let identity: Identity

const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] })

beforeAll(async () => {
  foreign = await startForeignCloud()
  const { cloud } = foreign
  proxy = await startProxy(new URL(cloud.endpoints.credentials).port)
  identity = await createDevice(cloud, { thingName: 'press', statements: mayDoAll })

  const sdk = { endpoint: cloud.endpoints.gateway, region: cloud.region, credentials: cloud.operatorCredentials }
  await new S3Client(sdk).send(new CreateBucketCommand({ Bucket: 'uploads' }))
  const iam = new IAMClient(sdk)
  const trust = { Effect: 'Allow', Principal: { Service: 'credentials.iot.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'uploader', AssumeRolePolicyDocument: document(trust) }),
  )
  const ownPrefix = `arn:aws:s3:::uploads/\${credentials-iot:ThingName}/*`
  const PolicyDocument = document({ Effect: 'Allow', Action: 's3:PutObject', Resource: ownPrefix })
  await iam.send(new PutRolePolicyCommand({ RoleName: 'uploader', PolicyName: 'own', PolicyDocument }))
  await iotClient(cloud).send(new CreateRoleAliasCommand({ roleAlias: 'uploads', roleArn: Role?.Arn }))
})
afterAll(async () => {
  proxy?.close()
  await foreign?.close()
})

/** aws-crt always asks port 443 of the endpoint; a proxy of its own leads it to where the credentials provider listens. */
async function startProxy(credentialsPort: string): Promise<Server> {
  const server = createServer().on('connect', (_request, socket, head) => {
    const upstream = connect(Number(credentialsPort), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    for (const end of [socket, upstream]) end.on('error', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function x509Provider(thingName: string): auth.AwsCredentialsProvider {
  const { port } = proxy.address() as { port: number }
  const options = io.TlsContextOptions.create_client_with_mtls(identity.certificatePem, identity.privateKeyPem)
  options.override_default_trust_store_from_path(undefined, foreign.cloud.caFile)
  return auth.AwsCredentialsProvider.newX509({
    endpoint: 'localhost',
    thingName,
    roleAlias: 'uploads',
    tlsContext: new io.ClientTlsContext(options),
    httpProxyOptions: new http.HttpProxyOptions('127.0.0.1', port),
  })
}

/** A PUT that aws-crt signs with the credentials that it traded the certificate for. */
async function put(thingName: string, key: string): Promise<Response> {
  const { endpoints, region } = foreign.cloud
  const { host } = new URL(endpoints.gateway)
  const content = new PassThrough()
  content.end('from aws-crt')
  const headers = new http.HttpHeaders([['host', host]])
  const request = new http.HttpRequest('PUT', `/uploads/${key}`, headers, new io.InputStream(content))
  await auth.aws_sign_request(request, {
    algorithm: auth.AwsSigningAlgorithm.SigV4,
    signature_type: auth.AwsSignatureType.HttpRequestViaHeaders,
    provider: x509Provider(thingName),
    region,
    service: 's3',
    use_double_uri_encode: false,
    signed_body_header: auth.AwsSignedBodyHeaderType.XAmzContentSha256,
    signed_body_value: auth.AwsSignedBodyValue.UnsignedPayload,
  })
  return fetch(`${endpoints.gateway}/uploads/${key}`, {
    method: 'PUT',
    body: 'from aws-crt',
    headers: [...request.headers].filter(([name]) => name !== 'host') as [string, string][],
  })
}

test('aws-crt trades a certificate for credentials, and its signature is accepted', async () => {
  expect((await put('press', 'press/a.txt')).status).toBe(200)
  const elsewhere = await put('press', 'lathe/a.txt')
  expect(elsewhere.status).toBe(403)
  expect(await elsewhere.text()).toContain('<Code>AccessDenied</Code>')
})

test('for a thing that the certificate is not attached to, aws-crt gets none', async () => {
  await expect(put('lathe', 'lathe/a.txt')).rejects.toThrow()
})
