import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTestApi, type TestAnswer, testCredentials, testRegion } from './test-api.ts'

const cli = fileURLToPath(new URL('cli.ts', import.meta.url))
const secret = `tdc_0123456789abcdef_${'a'.repeat(64)}`
const claim = {
  claimId: '0123456789abcdef',
  thingName: 'press-1',
  expiresAt: '2026-03-02T00:00:00.000Z',
  claimUrl: `https://api.example/v1/certificates?thing=press-1#${secret}`,
}
const upload = {
  thingName: 'press-1',
  event: 'created',
  key: 'things/press-1/2026-03-01/0123456789abcdef-\u001b[2Jload.csv',
  sizeBytes: 1536,
  eventTime: '2026-03-01T08:00:00.000Z',
  loggedAt: '2026-03-01T08:00:01.000Z',
  sequencer: '00A1',
}
const keys = {
  AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
  AWS_SESSION_TOKEN: testCredentials.sessionToken,
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-operator-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** A process that knows nothing of the person who runs the test. */
async function start(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const home = await makeFolder()
  return spawn(process.execPath, [cli, ...args], {
    cwd: home,
    env: { HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = await start(args, env)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code }
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

async function startApi(answer: () => TestAnswer) {
  const { url, requests } = await startTestApi(answer)
  return { requests, env: { ...keys, AWS_REGION: testRegion, THINGDROP_API_URL: url } }
}

describe('claims create', () => {
  const create = ['claims', 'create', '--thing', 'press-1']

  test('prints the claim URL alone on stdout, and what to do next beside it, without the secret', async () => {
    const { env, requests } = await startApi(() => ({ status: 201, body: claim }))
    const { stdout, stderr, code } = await run(
      [...create, '--attribute', 'site=oslo', '--attribute', 'a=b=c', '--ttl', '2h'],
      env,
    )
    expect({ stdout, code }).toEqual({ stdout: `${claim.claimUrl}\n`, code: 0 })
    expect(stderr).toContain('thingdrop-device enroll')
    expect(stderr).not.toContain(secret)
    const expected = { thingName: 'press-1', attributes: { site: 'oslo', a: 'b=c' }, ttlSeconds: 7200 }
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(expected)
  })

  test('--output json prints the whole answer', async () => {
    const { env } = await startApi(() => ({ status: 201, body: claim }))
    expect(JSON.parse((await run([...create, '--output', 'json'], env)).stdout)).toEqual(claim)
  })

  test('--out writes a new private file, and asks for no claim when it cannot', async () => {
    const { env, requests } = await startApi(() => ({ status: 201, body: claim }))
    const file = join(await makeFolder(), 'press-1.claim')
    const first = await run([...create, '--out', file], env)
    expect(first).toMatchObject({ stdout: '', code: 0 })
    expect(first.stderr).toContain(`--claim-file ${file}`)
    expect(first.stderr).not.toContain(secret)
    expect(await readFile(file, 'utf8')).toBe(`${claim.claimUrl}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)

    const second = await run([...create, '--out', file], env)
    expect(second.stderr).toMatch(/^FILE_UNWRITABLE: .*EEXIST\n {2}hint: /)
    expect(second.code).toBe(255)
    expect(requests).toHaveLength(1)
  })

  test('--out leaves no file behind when the API refuses', async () => {
    const problem = {
      type: 'about:blank',
      title: 'x',
      status: 409,
      code: 'THING_HELD',
      detail: 'press-1 is held',
      requestId: 'r-1',
    }
    const { env } = await startApi(() => ({ status: 409, body: { ...problem, hint: 'try\u001b[2J another' } }))
    const folder = await makeFolder()
    const { stderr, code } = await run([...create, '--out', join(folder, 'a.claim')], env)
    expect(stderr).toBe('THING_HELD: press-1 is held\n  hint: try another\n  request: r-1\n')
    expect(code).toBe(254)
    expect(await readdir(folder)).toEqual([])
  })
})

describe('lists', () => {
  test('uploads as a table by default, without what could drive the terminal', async () => {
    const { env, requests } = await startApi(() => ({ status: 200, body: { uploads: [upload] } }))
    const { stdout, stderr, code } = await run(['uploads', 'list', '--thing', 'press-1', '--from', '2026-03-01'], env)
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['TIME', 'THING', 'EVENT', 'SIZE', 'KEY'],
      [
        '2026-03-01T08:00:00.000Z',
        'press-1',
        'created',
        '1.5 KiB',
        'things/press-1/2026-03-01/0123456789abcdef-load.csv',
      ],
      [''],
    ])
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    expect(requests[0]?.query.get('from')).toBe('2026-03-01T00:00:00.000Z')
  })

  test('--since counts from now', async () => {
    const { env, requests } = await startApi(() => ({ status: 200, body: { uploads: [] } }))
    const before = Date.now()
    expect((await run(['uploads', 'list', '--since', '2h'], env)).stderr).toBe('no uploads\n')
    const from = Date.parse(requests[0]?.query.get('from') ?? '')
    expect(from).toBeGreaterThanOrEqual(before - 7_200_000)
    expect(from).toBeLessThanOrEqual(Date.now() - 7_200_000)
  })

  test('a list that stops early says so and can go on', async () => {
    const { env, requests } = await startApi(() => ({ status: 200, body: { uploads: [upload], cursor: 'next' } }))
    const { stdout, stderr } = await run(
      ['uploads', 'list', '--limit', '1', '--cursor', 'this', '--output', 'json'],
      env,
    )
    expect(JSON.parse(stdout)).toEqual({ uploads: [upload], cursor: 'next' })
    expect(stderr).toContain('more may follow')
    expect(requests[0]?.query.get('cursor')).toBe('this')
  })

  test('things in CSV', async () => {
    const thing = {
      thingName: 'press-1',
      state: 'quarantined',
      reason: '=1+1',
      attributes: { site: 'oslo' },
      changedAt: upload.eventTime,
    }
    const { env } = await startApi(() => ({ status: 200, body: { things: [thing] } }))
    expect((await run(['things', 'list', '--output', 'csv'], env)).stdout).toBe(
      'thingName,state,certificateId,reason,attributes,changedAt\r\n' +
        `press-1,quarantined,,'=1+1,"{""site"":""oslo""}",${upload.eventTime}\r\n`,
    )
  })

  test('a reader that goes away ends an endless list quietly', async () => {
    let page = 0
    const rows = Array.from({ length: 1000 }, () => upload)
    const { env } = await startApi(() => ({ status: 200, body: { uploads: rows, cursor: String(page++) } }))
    const child = await start(['uploads', 'list', '--all', '--output', 'jsonl'], env)
    const stderr = text(child.stderr)
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await once(child, 'close')).toEqual([0, null])
    expect(await stderr).toBe('')
  })
})

describe('the API’s address', () => {
  const describeStacks = (outputs: string) => `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
    <StackName>Thingdrop</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-03-01T00:00:00Z</CreationTime>
    <Outputs>${outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
  const missing = `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
    <Message>Stack with id Elsewhere does not exist</Message></Error><RequestId>r-2</RequestId></ErrorResponse>`
  const xml = { 'content-type': 'text/xml' }

  /** CloudFormation as far as DescribeStacks; it signs for another service, so the signature is not looked at. */
  async function startCloudFormation(status: number, body: string) {
    const asked: string[] = []
    const server = createServer(async (incoming, outgoing) => {
      asked.push(await text(incoming))
      outgoing.writeHead(status, xml).end(body)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address() as AddressInfo
    return { asked, endpoint: `http://127.0.0.1:${address.port}` }
  }

  test('is the output of the stack, in the profile’s region, with the profile’s credentials', async () => {
    const { url } = await startTestApi(() => ({ status: 200, body: { things: [] } }))
    const output = `<member><OutputKey>ApiUrl</OutputKey><OutputValue>${url}/</OutputValue></member>`
    const { endpoint, asked } = await startCloudFormation(200, describeStacks(output))
    const folder = await makeFolder()
    const config = join(folder, 'config')
    await writeFile(
      config,
      `[profile fleet]\nregion = ${testRegion}\naws_access_key_id = ${testCredentials.accessKeyId}
aws_secret_access_key = ${testCredentials.secretAccessKey}\naws_session_token = ${testCredentials.sessionToken}\n`,
    )
    const env = {
      AWS_CONFIG_FILE: config,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'AKIAOTHER',
      AWS_SECRET_ACCESS_KEY: 'x',
    }
    const { stdout, stderr, code } = await run(['things', 'list', '--profile', 'fleet', '--output', 'json'], env)
    expect({ stdout, stderr, code }).toEqual({ stdout: '{"things":[]}\n', stderr: 'no things\n', code: 0 })
    expect(asked[0]).toContain('StackName=Thingdrop')
  })

  test('of a stack that is missing, or has no such output, is asked for with the mend', async () => {
    const gone = await startCloudFormation(400, missing)
    const env = { ...keys, AWS_DEFAULT_REGION: 'eu-north-1', THINGDROP_STACK: 'Elsewhere' }
    const first = await run(['things', 'list'], { ...env, AWS_ENDPOINT_URL: gone.endpoint })
    expect(first.stderr).toMatch(/^STACK_UNUSABLE: there is no stack Elsewhere in eu-north-1\n {2}hint: .*--stack/)
    expect(first.code).toBe(253)
    expect(gone.asked[0]).toContain('StackName=Elsewhere')

    const other = await startCloudFormation(200, describeStacks(''))
    const second = await run(['things', 'list', '--stack', 'Other'], { ...env, AWS_ENDPOINT_URL: other.endpoint })
    expect(second.stderr).toMatch(/^STACK_UNUSABLE: the stack Other has no output ApiUrl/)
    expect(second.code).toBe(253)
  })

  test('that nobody listens at is told from one that is wrong', async () => {
    const env = { ...keys, AWS_REGION: testRegion }
    const refused = await run(['things', 'list', '--api-url', await freeAddress()], env)
    expect(refused.stderr).toMatch(
      /^API_UNREACHABLE: http:\/\/127\.0\.0\.1:\d+ refused the connection.*\n {2}hint: .*npm start/,
    )
    expect(refused.code).toBe(255)
    const plain = await run(['things', 'list', '--api-url', 'http://api.example'], env)
    expect(plain).toMatchObject({ code: 253, stdout: '' })
  })
})

describe('what is missing is named with its mend', () => {
  test('credentials', async () => {
    const { stderr, code } = await run(['things', 'list', '--api-url', 'http://127.0.0.1', '--region', testRegion])
    expect(stderr).toMatch(/^CREDENTIALS_UNUSABLE: .*\n {2}hint: .*aws configure/)
    expect(code).toBe(253)
  })

  test('region', async () => {
    const { stderr, code } = await run(['things', 'list', '--api-url', 'http://127.0.0.1'], keys)
    expect(stderr).toMatch(/^REGION_MISSING: .*\n {2}hint: .*--region/)
    expect(code).toBe(253)
  })

  test('profile', async () => {
    const { stderr, code } = await run(['things', 'list', '--profile', 'nobody', '--region', testRegion], keys)
    expect(stderr).toMatch(/^CREDENTIALS_UNUSABLE: .*nobody/)
    expect(code).toBe(253)
  })
})

test('bad usage exits 252 with the option’s name, before anything is sent', async () => {
  const wrong = [
    [['uploads', 'list', '--since', 'yesterday'], '--since'],
    [['uploads', 'list', '--since', '2h', '--from', '2026-03-01'], '--from'],
    [['uploads', 'list', '--limit', '0'], '--limit'],
    [['uploads', 'list', '--all', '--limit', '5'], '--limit'],
    [['uploads', 'list', '--output', 'xml'], '--output'],
    [['uploads', 'list', '--colour'], '--colour'],
    [['claims', 'create'], '--thing'],
    [['claims', 'create', '--thing', 'a', '--attribute', 'b'], '--attribute'],
    [['things'], 'Usage'],
  ] as const
  await Promise.all(
    wrong.map(async ([args, named]) => {
      const { stdout, stderr, code } = await run(args)
      expect({ args, stdout, code }).toEqual({ args, stdout: '', code: 252 })
      expect(stderr).toContain(named)
    }),
  )
})

test('a thing name that the contract does not allow is bad usage too', async () => {
  const { env, requests } = await startApi(() => ({ status: 500, body: {} }))
  const { stderr, code } = await run(['claims', 'create', '--thing', 'press 1'], env)
  expect(stderr).toMatch(/^REQUEST_INVALID: .*thingName/)
  expect(code).toBe(252)
  expect(requests).toEqual([])
})

test('--debug shows the causes and no secret', async () => {
  const { env } = await startApi(() => ({ status: 200, body: { nothing: 'expected' } }))
  const { stderr } = await run(['things', 'list', '--debug'], env)
  expect(stderr).toContain('caused by')
  expect(stderr).toContain('call-api.ts')
  for (const value of Object.values(testCredentials)) expect(stderr).not.toContain(value)
})

test('help has an example for every command', async () => {
  const commands = [[], ['claims', 'create'], ['things', 'list'], ['uploads', 'list']]
  await Promise.all(
    commands.map(async (command) => {
      const { stdout, code } = await run([...command, '--help'])
      expect(stdout).toMatch(/Examples?:\n {2}\$ thingdrop /)
      expect(code).toBe(0)
    }),
  )
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
