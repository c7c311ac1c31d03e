import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fromHttp } from '@aws-sdk/credential-providers'
import { beforeAll, expect, test } from 'vitest'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { runDeviceProcess, startDeviceProcess } from './testing/device-process.ts'
import { createEnrolledFolder } from './testing/enrolled-device.ts'
import { startHttps } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const run = promisify(execFile)
const hasAws = await run('aws', ['--version']).then(
  () => true,
  () => false,
)

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const expiration = '2099-04-25T03:47:26Z'
const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'a/b+c=', expiration }

/** Starts the command for a device whose provider answers `status`; resolves with the environment that it prints. */
async function serve(status = 200, args: readonly string[] = []) {
  const provider = { requests: 0 }
  const credentialsEndpoint = await startHttps(server, (_, response) => {
    provider.requests++
    response.writeHead(status).end(JSON.stringify(status === 200 ? { credentials } : { message: 'Access Denied' }))
  })
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint })
  const { child, ended } = startDeviceProcess(['serve-credentials', '--dir', dir, ...args])
  const lines: string = await new Promise((resolve, reject) => {
    child.stdout?.once('data', (chunk) => resolve(String(chunk)))
    ended.then(({ stderr }) => reject(new Error(stderr)))
  })
  const env = Object.fromEntries([...lines.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]))
  return { env: env as Record<string, string>, dir, child, ended, provider }
}

test("gives the AWS SDK's providers credentials with the environment that it prints, and ends when told", async () => {
  const { env, dir, child, ended, provider } = await serve()
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI = '', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = '', AWS_REGION } = env
  expect(AWS_REGION).toBe('us-east-1')
  expect(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE).toBe(join(dir, 'credentials.token'))
  expect(statSync(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE).mode & 0o777).toBe(0o600)
  const expected = {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: 'secret',
    sessionToken: 'a/b+c=',
    expiration: new Date(expiration),
  }
  const fromFile = fromHttp({
    awsContainerCredentialsFullUri: AWS_CONTAINER_CREDENTIALS_FULL_URI,
    awsContainerAuthorizationTokenFile: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
  })
  expect(await fromFile()).toMatchObject(expected)
  const script = `
    import { fromNodeProviderChain, fromContainerMetadata } from '@aws-sdk/credential-providers'
    const chain = await fromNodeProviderChain()()
    const metadata = await fromContainerMetadata()()
    console.log(JSON.stringify([chain, metadata].map(({ accessKeyId, expiration }) => [accessKeyId, expiration])))`
  const { stdout } = await run('node', ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    env: {
      PATH: process.env.PATH,
      HOME: temporaryFolder(),
      ...env,
      // The older of the two providers knows of no file.
      AWS_CONTAINER_AUTHORIZATION_TOKEN: readFileSync(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, 'utf8'),
    },
  })
  const seen = ['ASIAEXAMPLE', new Date(expiration).toISOString()]
  expect(JSON.parse(stdout)).toEqual([seen, seen])
  expect(provider.requests).toBe(1)
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 0, stderr: '' })
})

test.skipIf(!hasAws)('gives the AWS CLI credentials', async () => {
  const { env } = await serve()
  const script = 'aws configure export-credentials 2>/dev/null || aws configure list'
  const { stdout } = await run('sh', ['-c', script], {
    env: { PATH: process.env.PATH, HOME: temporaryFolder(), ...env },
  })
  expect(stdout).toMatch(/"AccessKeyId": "ASIAEXAMPLE"|access_key.*MPLE.*container-role/)
})

test('keeps its token, so that a program that runs on gets credentials after a restart', async () => {
  const first = await serve()
  const token = readFileSync(join(first.dir, 'credentials.token'), 'utf8')
  expect(token).toMatch(/^[0-9a-f]{64}$/)
  first.child.kill('SIGTERM')
  await first.ended
  const second = await serve(200, ['--token-file', join(first.dir, 'credentials.token')])
  expect(second.env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE).toBe(join(first.dir, 'credentials.token'))
  expect(readFileSync(join(first.dir, 'credentials.token'), 'utf8')).toBe(token)
})

test('asks a provider that refuses once in a while only, and tells of it once', async () => {
  const { env, child, ended, provider } = await serve(403)
  const ask = () =>
    fetch(env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '', {
      headers: { authorization: readFileSync(env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE ?? '', 'utf8') },
    })
  for (let count = 0; count < 3; count++) {
    const answer = await ask()
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'ROLE_ALIAS_DENIED' })
  }
  expect(provider.requests).toBe(1)
  child.kill('SIGTERM')
  const { stderr } = await ended
  expect(stderr.match(/ROLE_ALIAS_DENIED/g)).toHaveLength(1)
})

test('takes no token that others may read, and no file that holds something else', async () => {
  const dir = await createEnrolledFolder(authority)
  const file = join(temporaryFolder(), 'token')
  writeFileSync(file, 'something else', { mode: 0o600 })
  const args = ['serve-credentials', '--dir', dir, '--token-file', file]
  expect((await runDeviceProcess(args)).stderr).toContain('TOKEN_FILE_DAMAGED')
  chmodSync(file, 0o644)
  expect((await runDeviceProcess(args)).stderr).toContain('KEY_EXPOSED')
})
