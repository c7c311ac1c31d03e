import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTestApi, type TestAnswer, testCredentials, testRegion } from '../test-api.ts'
import { makeFolder, runCli, testKeys } from '../test-cli.ts'

const describeStacks = (outputs: string) => `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
  <StackName>Thingdrop</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-03-01T00:00:00Z</CreationTime>
  <Outputs>${outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
const missing = `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
  <Message>Stack with id Elsewhere does not exist</Message></Error><RequestId>r-2</RequestId></ErrorResponse>`

/** CloudFormation as far as DescribeStacks; it signs for another service, so the signature is not looked at. */
async function startCloudFormation(status: number, body: string) {
  const asked: string[] = []
  const server = createServer(async (incoming, outgoing) => {
    asked.push(await text(incoming))
    outgoing.writeHead(status, { 'content-type': 'text/xml' }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address() as AddressInfo
  return { asked, endpoint: `http://127.0.0.1:${address.port}` }
}

/** Where nothing listens. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

/** The AWS configuration of a person with one profile, `fleet`. */
async function writeProfile(lines: readonly string[]): Promise<string> {
  const file = join(await makeFolder(), 'config')
  await writeFile(file, ['[profile fleet]', `region = ${testRegion}`, ...lines, ''].join('\n'))
  return file
}

describe('the API’s address', () => {
  test('is the output of the stack, in the profile’s region, with the profile’s credentials', async () => {
    const { url } = await startTestApi(() => ({ status: 200, body: { things: [] } }))
    const output = `<member><OutputKey>ApiUrl</OutputKey><OutputValue>${url}/</OutputValue></member>`
    const { endpoint, asked } = await startCloudFormation(200, describeStacks(output))
    const config = await writeProfile([
      `aws_access_key_id = ${testCredentials.accessKeyId}`,
      `aws_secret_access_key = ${testCredentials.secretAccessKey}`,
      `aws_session_token = ${testCredentials.sessionToken}`,
    ])
    const otherKeys = { AWS_ACCESS_KEY_ID: 'AKIAOTHER', AWS_SECRET_ACCESS_KEY: 'other' }
    const env = { ...otherKeys, AWS_CONFIG_FILE: config, AWS_ENDPOINT_URL: endpoint }
    const { stdout, stderr, code } = await runCli(['things', 'list', '--profile', 'fleet', '--output', 'json'], env)
    expect({ stdout, stderr, code }).toEqual({ stdout: '{"things":[]}\n', stderr: 'no things\n', code: 0 })
    expect(asked[0]).toContain('StackName=Thingdrop')
  })

  test('of a stack that is missing, or has no such output, is asked for with the mend', async () => {
    const gone = await startCloudFormation(400, missing)
    const env = { ...testKeys, AWS_DEFAULT_REGION: 'eu-north-1', THINGDROP_STACK: 'Elsewhere' }
    const first = await runCli(['things', 'list'], { ...env, AWS_ENDPOINT_URL: gone.endpoint })
    expect(first.stderr).toMatch(/^STACK_UNUSABLE: there is no stack Elsewhere in eu-north-1\n {2}hint: .*--stack/)
    expect(first.code).toBe(253)
    expect(gone.asked[0]).toContain('StackName=Elsewhere')

    const other = await startCloudFormation(200, describeStacks(''))
    const second = await runCli(['things', 'list', '--stack', 'Other'], { ...env, AWS_ENDPOINT_URL: other.endpoint })
    expect(second.stderr).toMatch(/^STACK_UNUSABLE: the stack Other has no output ApiUrl/)
    expect(second.code).toBe(253)
  })

  test('that AWS does not tell is asked for with what AWS said', async () => {
    const denied = `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not for you</Message></Error></ErrorResponse>`
    const { endpoint } = await startCloudFormation(403, denied)
    const env = { ...testKeys, AWS_REGION: testRegion }
    const refused = await runCli(['things', 'list'], { ...env, AWS_ENDPOINT_URL: endpoint })
    expect(refused.stderr).toMatch(/^AWS_REFUSED: AccessDenied: not for you\n {2}hint: --api-url/)
    expect(refused.code).toBe(254)
    const unreachable = await runCli(['things', 'list'], { ...env, AWS_ENDPOINT_URL: await freeAddress() })
    expect(unreachable.stderr).toMatch(/^API_UNREACHABLE: AWS could not be reached.*ECONNREFUSED/)
    expect(unreachable.code).toBe(255)
  })

  test('that nobody listens at is told from one that is wrong', async () => {
    const env = { ...testKeys, AWS_REGION: testRegion }
    const refused = await runCli(['things', 'list', '--api-url', await freeAddress()], env)
    expect(refused.stderr).toMatch(
      /^API_UNREACHABLE: http:\/\/127\.0\.0\.1:\d+ refused the connection.*\n {2}hint: .*thingdrop local/,
    )
    expect(refused.code).toBe(255)
    const plain = await runCli(['things', 'list', '--api-url', 'http://api.example'], env)
    expect(plain).toMatchObject({ code: 253, stdout: '' })
  })
})

test('a profile that runs a process runs it once for a list of many pages', async () => {
  const answers: TestAnswer[] = ['a', 'b', undefined].map((cursor) => ({ status: 200, body: { things: [], cursor } }))
  const { url, requests } = await startTestApi(() => answers.shift() ?? 'hang up')
  const folder = await makeFolder()
  const expiration = new Date(Date.now() + 3_600_000).toISOString()
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } = testCredentials
  const answer = { Version: 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration: expiration }
  await writeFile(join(folder, 'answer.json'), JSON.stringify(answer))
  await writeFile(join(folder, 'script'), `echo run >> ${folder}/runs; cat ${folder}/answer.json`)
  const config = await writeProfile([`credential_process = /bin/sh ${folder}/script`])
  const env = { AWS_CONFIG_FILE: config, PATH: '/usr/bin:/bin', THINGDROP_API_URL: url }
  const { code } = await runCli(['things', 'list', '--all', '--profile', 'fleet'], env)
  expect(code).toBe(0)
  expect(requests).toHaveLength(3)
  expect(await readFile(join(folder, 'runs'), 'utf8')).toBe('run\n')
})

describe('what is missing is named with its mend', () => {
  test('credentials', async () => {
    const { stderr, code } = await runCli(['things', 'list', '--api-url', 'http://127.0.0.1', '--region', testRegion])
    expect(stderr).toMatch(/^CREDENTIALS_UNUSABLE: .*\n {2}hint: .*aws configure/)
    expect(code).toBe(253)
  })

  test('region', async () => {
    const { stderr, code } = await runCli(['things', 'list', '--api-url', 'http://127.0.0.1'], testKeys)
    expect(stderr).toMatch(/^REGION_MISSING: .*\n {2}hint: .*--region/)
    expect(code).toBe(253)
  })

  test('profile', async () => {
    const { stderr, code } = await runCli(['things', 'list', '--profile', 'nobody', '--region', testRegion], testKeys)
    expect(stderr).toMatch(/^CREDENTIALS_UNUSABLE: .*nobody/)
    expect(code).toBe(253)
  })
})
