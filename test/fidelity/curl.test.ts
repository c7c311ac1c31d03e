import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateRoleAliasCommand } from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'
import { createDevice, iotClient, mayDoAll } from './foreign-device.ts'

const hasCurl = spawnSync('curl', ['--aws-sigv4', 'aws:amz', '--version']).status === 0
let foreign: ForeignCloud

beforeAll(async () => {
  foreign = await startForeignCloud()
})
afterAll(() => foreign?.close())

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string[]>>
  readonly body: string
}

async function curl(...args: string[]): Promise<Answer> {
  const written = '\n%{http_code}\n%{header_json}'
  const stdout = await foreign.run('curl', ['--silent', '--show-error', '--write-out', written, ...args])
  const [, body = '', status, headers = ''] = /^(.*)\n(\d{3})\n(\{.*\})$/s.exec(stdout) ?? []
  return { status: Number(status), headers: JSON.parse(headers), body }
}

function signed(service: string, secretAccessKey = foreign.cloud.operatorCredentials.secretAccessKey): string[] {
  const { region, operatorCredentials } = foreign.cloud
  const user = `${operatorCredentials.accessKeyId}:${secretAccessKey}`
  // Curl 7.88 does not send the header by itself, and S3 wants it.
  const unsignedPayload = service === 's3' ? ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD'] : []
  return ['--aws-sigv4', `aws:amz:${region}:${service}`, '--user', user, ...unsignedPayload]
}

test.skipIf(!hasCurl)(
  'curl puts, reads, lists and deletes objects with signatures of its own (needs curl)',
  async () => {
    const bucket = `${foreign.cloud.endpoints.gateway}/curl-bucket`
    expect(await curl(...signed('s3'), '-X', 'PUT', bucket)).toMatchObject({ status: 200 })
    const put = await curl(...signed('s3'), '-X', 'PUT', '--data-binary', 'from curl', `${bucket}/a/b.txt`)
    expect(put).toMatchObject({ status: 200, headers: { etag: [`"${hash('md5', 'from curl')}"`] } })
    const got = await curl(...signed('s3'), `${bucket}/a/b.txt`)
    expect(got).toMatchObject({ status: 200, body: 'from curl', headers: { 'content-length': ['9'] } })
    const part = await curl(...signed('s3'), '-H', 'Range: bytes=0-3', `${bucket}/a/b.txt`)
    expect(part).toMatchObject({ status: 206, body: 'from', headers: { 'content-range': ['bytes 0-3/9'] } })
    expect((await curl(...signed('s3'), `${bucket}?list-type=2&prefix=a`)).body).toContain('<Key>a/b.txt</Key>')
    expect(await curl(...signed('s3'), '-X', 'DELETE', `${bucket}/a/b.txt`)).toMatchObject({ status: 204, body: '' })
    const gone = await curl(...signed('s3'), `${bucket}/a/b.txt`)
    expect(gone).toMatchObject({ status: 404, headers: { 'content-type': ['application/xml'] } })
    expect(gone.body).toContain('<Code>NoSuchKey</Code>')
  },
)

test.skipIf(!hasCurl)('curl is told why it is not let in (needs curl)', async () => {
  const { gateway } = foreign.cloud.endpoints
  const wrong = await curl(...signed('s3', 'wrong'), gateway)
  expect(wrong).toMatchObject({ status: 403, body: expect.stringContaining('<Code>SignatureDoesNotMatch</Code>') })
  const unsigned = await curl(`${gateway}/curl-bucket/x`)
  expect(unsigned).toMatchObject({ status: 403, body: expect.stringContaining('<Code>AccessDenied</Code>') })
})

test.skipIf(!hasCurl)('curl asks for what other protocols have: things and the caller (needs curl)', async () => {
  const { gateway } = foreign.cloud.endpoints
  const things = await curl(...signed('iot'), `${gateway}/things`)
  expect(JSON.parse(things.body)).toEqual({ things: [] })
  const caller = await curl(...signed('sts'), '--data', 'Action=GetCallerIdentity&Version=2011-06-15', gateway)
  expect(caller.body).toContain(`<Arn>arn:aws:iam::${foreign.cloud.accountId}:user/operator</Arn>`)
})

test.skipIf(!hasCurl)('curl trades a device’s certificate for credentials (needs curl)', async () => {
  const { cloud, folder } = foreign
  const { certificatePem, privateKeyPem } = await createDevice(cloud, { thingName: 'cam', statements: mayDoAll })
  const [cert, key] = [join(folder, 'cam.pem'), join(folder, 'cam.key')]
  await Promise.all([writeFile(cert, certificatePem), writeFile(key, privateKeyPem)])
  const iam = new IAMClient({
    endpoint: cloud.endpoints.gateway,
    region: cloud.region,
    credentials: cloud.operatorCredentials,
  })
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'credentials.iot.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  })
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'camera', AssumeRolePolicyDocument }))
  await iotClient(cloud).send(new CreateRoleAliasCommand({ roleAlias: 'camera', roleArn: Role?.Arn }))

  const ask = (thingName: string, alias = 'camera') =>
    curl(
      ...['--cert', cert, '--key', key, '--cacert', cloud.caFile, '-H', `x-amzn-iot-thingname:${thingName}`],
      `${cloud.endpoints.credentials}/role-aliases/${alias}/credentials`,
    )
  const granted = await ask('cam')
  expect(granted.status).toBe(200)
  expect(JSON.parse(granted.body)).toEqual({
    credentials: {
      accessKeyId: expect.stringMatching(/^ASIA[A-Z0-9]{16}$/),
      secretAccessKey: expect.stringMatching(/^.{40}$/),
      sessionToken: expect.any(String),
      expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    },
  })
  expect(await ask('another')).toMatchObject({
    status: 403,
    body: '{"message":"Invalid thing name passed"}',
    headers: { 'x-amzn-errortype': [expect.any(String)], 'x-amzn-requestid': [expect.any(String)] },
  })
  expect(await ask('cam', 'none')).toMatchObject({ status: 404, body: '{"message":"Role alias does not exist"}' })
})
