import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { IoTClient, ListThingPrincipalsCommand, UpdateCertificateCommand } from '@aws-sdk/client-iot'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDevice } from '#device/index.ts'
import { eventually } from './eventually.ts'
import { hasProgram } from './has-program.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, registerDevice } from './test-device.ts'

const script = join(import.meta.dirname, '../device-client/sh/thingdrop-device.sh')
const shells = [['sh'], ['dash'], ['busybox', 'ash'], ['bash', '--posix']].filter(([program]) => hasProgram(program ?? ''))
const hasTools = hasProgram('curl') && hasProgram('openssl')
/** Waits that suit a cloud next door. */
const patience = { THINGDROP_RETRY_BASE_MS: '200', THINGDROP_TIMEOUT: '25' }

let folder: string
let cloud: TestCloud

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  readonly shell?: readonly string[]
  readonly cwd?: string
}

/** Runs the script as a user would, and gives what it printed. Nothing of it may stay behind in its temporary folder. */
async function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { environment = {}, input = '', shell: [program = 'sh', ...before] = ['sh'], cwd = folder } = options
  const temporary = await mkdtemp(join(folder, 'tmp-'))
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: temporary, ...patience, ...environment }
  const child: ChildProcess = spawn(program, [...before, script, ...args], { cwd, env, stdio: 'pipe' })
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout ?? []), text(child.stderr ?? [])])
  const code = await closed
  expect(await readdir(temporary)).toEqual([])
  return { code, stdout, stderr }
}

async function createClaim(thingName: string): Promise<string> {
  return (await cloud.operator.claims.create({ thingName })).claimUrl
}

const enrollArgs = (dir: string) => ['enroll', '--dir', dir, '--ca-file', cloud.cloud.caFile]

/** A device that the script enrolled and connected. */
async function registerWithScript(thingName: string, shell?: readonly string[]): Promise<string> {
  const dir = join(folder, thingName)
  const claim = { THINGDROP_CLAIM: await createClaim(thingName) }
  const options = shell === undefined ? {} : { shell }
  expect(await run(enrollArgs(dir), { ...options, environment: claim })).toMatchObject({
    code: 0,
    stdout: `enrolled as ${thingName}\n`,
    stderr: '',
  })
  expect(await run(['connect', '--dir', dir], options)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(`^connected to localhost:\\d+ as ${thingName}\n$`),
    stderr: expect.stringContaining('registration pending, retrying in'),
  })
  return dir
}

/** A server that answers as `handle` does, until the test is over. */
async function startFake(handle: RequestListener): Promise<string> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function changeConfiguration(dir: string, change: Readonly<Record<string, string>>): Promise<void> {
  const path = join(dir, 'device.json')
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...change }))
}

test.skipIf(hasTools)('the client without Node.js is not tested: curl or openssl is missing', () => {
  expect(hasTools).toBe(false)
})

describe.skipIf(!hasTools)('the client without Node.js (needs curl and openssl)', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thingdrop-shell-'))
    cloud = await startTestCloud()
  })
  afterAll(async () => {
    await cloud?.close()
    await rm(folder, { recursive: true })
  })

  describe.each(shells)('with %s %s', (...shell) => {
    const options = { shell: shell.filter((word) => word !== undefined) }
    const name = shell.filter((word) => word !== undefined).join('').replaceAll('-', '')

    test('goes from a claim to rows in the upload log', async () => {
      const thingName = `shell:${name}_1`
      const dir = await registerWithScript(thingName, options.shell)
      const files = join(folder, `files ${name}`)
      const contents: Readonly<Record<string, Buffer>> = {
        'a b.csv': Buffer.from('time,value\n'),
        '50%20.txt': Buffer.from('percent'),
        '気温 25°.json': Buffer.from('{}'),
        '-K': Buffer.from('dash'),
        'quotes \'"` $(id) \\ & ; <>': Buffer.from('quotes'),
        '+plus~tilde!*()[]{}#?=,:@': Buffer.from('reserved'),
        '\n\tlines\n': Buffer.from('control'),
        'empty.log': Buffer.alloc(0),
        'three.bin': randomBytes(3_000_000),
      }
      await mkdir(files)
      for (const [file, content] of Object.entries(contents)) await writeFile(join(files, file), content)
      const { code, stdout, stderr } = await run(['upload', '--dir', dir, '--', ...Object.keys(contents)], { ...options, cwd: files })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout.trimEnd().split('\n')).toHaveLength(Object.keys(contents).length)

      const rows = await eventually('a row for each file', async () => {
        const { uploads } = await cloud.operator.uploads.list({ thingName })
        return uploads.length === Object.keys(contents).length && uploads
      })
      const s3 = new S3Client(cloud.client())
      for (const { key } of rows) {
        const [, day, file = ''] = /^things\/[^/]+\/([^/]+)\/[0-9a-f]{16}-(.*)$/s.exec(key) ?? []
        expect(day).toMatch(/^\d{4}-\d\d-\d\d$/)
        const object = await s3.send(new GetObjectCommand({ Bucket: cloud.output('BucketName'), Key: key }))
        expect(Buffer.from((await object.Body?.transformToByteArray()) ?? []).equals(contents[file] ?? Buffer.from('other'))).toBe(true)
        if (file === 'a b.csv') expect(object.ContentType).toBe('text/csv')
      }
    })
  })

  test('keeps key, certificate and configuration as the Node.js client does', async () => {
    const dir = await registerWithScript('layout')
    const { dir: other } = await enrollDevice(cloud, 'layout-2')
    expect(await readdir(dir)).toEqual((await readdir(other)).sort())
    for (const file of await readdir(dir)) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    const read = async (of: string) => JSON.parse(await readFile(join(of, 'device.json'), 'utf8'))
    expect({ ...(await read(dir)), thingName: 'layout-2' }).toEqual(await read(other))
  })

  test('the Node.js client goes on from its folder', async () => {
    const dir = await registerWithScript('from-shell')
    const device = createDevice({ dir })
    onTestFinished(() => device.close())
    const file = join(folder, 'from-shell.csv')
    await writeFile(file, 'x')
    await (await device.connect()).disconnect()
    expect(await device.upload(file)).toMatchObject({ sizeBytes: 1, key: expect.stringMatching(/^things\/from-shell\//) })
  })

  test('goes on from a folder of the Node.js client', async () => {
    const { dir, file } = await registerDevice(cloud, 'from-node')
    expect(await run(['connect', '--dir', dir])).toMatchObject({ code: 0, stderr: '' })
    expect(await run(['upload', '--dir', dir, await file('a.csv', 'x')])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^things\/from-node\/\S+-a.csv {2}1 bytes\n$/),
    })
    expect(await run(['enroll', '--dir', dir])).toMatchObject({ code: 0, stdout: 'already enrolled as from-node\n' })
  })

  test('gives credentials to an SDK and to a shell', async () => {
    const dir = await registerWithScript('with-credentials')
    const answer = JSON.parse((await run(['credentials', '--dir', dir])).stdout)
    expect(Object.keys(answer)).toEqual(['Version', 'AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'])
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = answer
    const sts = new STSClient(cloud.client({ accessKeyId, secretAccessKey, sessionToken }))
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toContain(':assumed-role/')
    expect(Date.parse(answer.Expiration)).toBeGreaterThan(Date.now())
    expect((await run(['credentials', '--env', '--dir', dir])).stdout).toMatch(
      /^export AWS_ACCESS_KEY_ID='ASIA\w+'\nexport AWS_SECRET_ACCESS_KEY='[^']+'\nexport AWS_SESSION_TOKEN='[^']+'\nexport AWS_REGION='us-east-1'\n$/,
    )
  })

  test('takes the claim from a file or from standard input, and names of 128 characters', async () => {
    const thingName = 'n:_-'.repeat(32)
    const claimFile = join(folder, 'long.claim')
    await writeFile(claimFile, `${await createClaim(thingName)}\n`)
    const dir = join(folder, `it's a "dir": \\ 1`)
    expect(await run([...enrollArgs(dir), `--claim-file=${claimFile}`])).toMatchObject({ code: 0, stdout: `enrolled as ${thingName}\n` })
    expect(await run(['connect', '--dir', dir])).toMatchObject({ code: 0 })
    expect(await run(['credentials', '--dir', dir])).toMatchObject({ code: 0 })
    const piped = await run(enrollArgs(join(folder, 'piped')), { input: `${await createClaim('piped')}\n` })
    expect(piped).toMatchObject({ code: 0, stdout: 'enrolled as piped\n', stderr: '' })
  })

  test('asks with the same key again when an answer was lost', async () => {
    const dir = join(folder, 'lost')
    const claimUrl = await createClaim('lost')
    const api = new URL(claimUrl)
    const requests: string[] = []
    const answers: string[] = []
    const proxy = await startFake(async (request, response) => {
      const body = await text(request)
      requests.push(body)
      const headers = { 'content-type': 'application/json' }
      const answer = await (await fetch(api.origin + api.pathname, { method: 'POST', headers, body })).text()
      answers.push(answer)
      if (requests.length === 1) response.destroy()
      else response.writeHead(201).end(answer)
    })
    const { code, stderr } = await run(enrollArgs(dir), { environment: { THINGDROP_CLAIM: claimUrl.replace(api.origin, proxy) } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('CONNECTION_LOST') })
    const [first, second] = answers.map((answer) => JSON.parse(answer).certificateId)
    expect(second).toBe(first)
  })

  test('says what the API says of a claim that was used, or is none', async () => {
    const used = await createClaim('used')
    expect(await run(enrollArgs(join(folder, 'used')), { environment: { THINGDROP_CLAIM: used } })).toMatchObject({ code: 0 })
    const again = await run(enrollArgs(join(folder, 'used-2')), { environment: { THINGDROP_CLAIM: used } })
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^CLAIM_USED .+\n {2}.+\n$/) })
    const unknown = used.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    const guess = await run(enrollArgs(join(folder, 'guess')), { environment: { THINGDROP_CLAIM: unknown } })
    expect(guess).toMatchObject({ code: 1, stderr: expect.stringMatching(/^CLAIM_UNKNOWN .+\n {2}check that the claim/) })
  })

  const secret = `tdc_${'a'.repeat(16)}_${'b'.repeat(64)}`
  test.each([
    [['enroll', `https://api.example/v1/certificates?thing=press-7#${secret}`], {}, 2, 'takes no operand'],
    [['enroll', `--claim=${secret}`], {}, 2, 'has no option --claim'],
    [['enroll'], { THINGDROP_CLAIM: secret }, 1, 'CLAIM_URL_INVALID'],
    [['enroll'], { THINGDROP_CLAIM: `http://192.0.2.1/v1?thing=press-7#${secret}` }, 1, 'CLAIM_URL_INSECURE'],
    [['enroll'], { THINGDROP_CLAIM: `http://localhost@192.0.2.1/v1?thing=press-7#${secret}` }, 1, 'CLAIM_URL_INVALID'],
    [['enroll'], { THINGDROP_CLAIM: ' ' }, 1, 'CLAIM_MISSING'],
    [['enroll', '--claim-file', '/nowhere'], {}, 1, 'CLAIM_MISSING'],
    [[], {}, 2, 'name a command'],
    [['toString'], {}, 2, 'no such command'],
    [['upload'], {}, 2, 'needs at least one FILE'],
    [['connect', '--timeout', '5m'], {}, 2, 'takes a whole number'],
    [['connect', '--dir'], {}, 2, 'needs a value'],
    [['connect', 'stray'], {}, 2, 'takes no operand'],
    [['connect', '--env'], {}, 2, 'has no option --env'],
    [['connect', '--dir', '/nowhere'], {}, 1, 'NOT_ENROLLED'],
  ])('refuses %j %j and repeats no secret', async (args, environment, code, message) => {
    const ended = await run(args, { environment: { THINGDROP_DEVICE_DIR: join(folder, 'none'), ...environment } })
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
    expect(ended.stderr).not.toContain('bbbb')
  })

  test('tells how it is used', async () => {
    const help = await run(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const command of ['enroll', 'connect', 'credentials', 'upload', 'renew']) {
      expect(help.stdout).toContain(`  ${command} `)
      const { code, stdout } = await run([command, '--help'])
      expect(stdout).toContain(`Usage: thingdrop-device.sh ${command}`)
      expect(stdout).toContain('Example:')
      expect(code).toBe(0)
    }
  })

  test('uses no key that others may read', async () => {
    const { dir, file } = await enrollDevice(cloud, 'exposed')
    await chmod(join(dir, 'device.key'), 0o640)
    for (const args of [['connect'], ['credentials'], ['upload', await file('a', 'x')]]) {
      expect(await run([...args, '--dir', dir])).toMatchObject({ code: 1, stderr: expect.stringContaining('KEY_EXPOSED') })
    }
  })

  test('moves a key that a power cut left behind', async () => {
    const { dir } = await registerDevice(cloud, 'cut')
    await copyFile(join(dir, 'device.key'), join(dir, 'device.key.pending'))
    await writeFile(join(dir, 'device.key'), await readFile(join((await enrollDevice(cloud, 'cut-2')).dir, 'device.key')))
    expect(await run(['credentials', '--dir', dir])).toMatchObject({ code: 0 })
    expect(await readdir(dir)).not.toContain('device.key.pending')
    await writeFile(join(dir, 'device.key'), 'no key')
    expect(await run(['credentials', '--dir', dir])).toMatchObject({ code: 1, stderr: expect.stringContaining('FOLDER_DAMAGED') })
  })

  test('says why a certificate that was revoked does nothing any more', async () => {
    const { dir, file } = await registerDevice(cloud, 'revoked')
    const iot = new IoTClient(cloud.client())
    const { principals } = await iot.send(new ListThingPrincipalsCommand({ thingName: 'revoked' }))
    const certificateId = principals?.[0]?.split('/')[1]
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }))
    const credentials = await run(['credentials', '--dir', dir, '--timeout', '0'])
    expect(credentials).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^CERTIFICATE_\w+ .+\n {2}.+\n$/) })
    const upload = await run(['upload', '--dir', dir, '--timeout', '0', await file('a', 'x')])
    expect(upload).toMatchObject({ code: 1, stderr: expect.stringContaining('1 of 1 files were not sent') })
    const connect = await run(['connect', '--dir', dir, '--timeout', '1'])
    expect(connect).toMatchObject({ code: 1, stderr: expect.stringMatching(/REGISTRATION_PENDING|CERTIFICATE_/) })
  })

  test('trusts no other CA than the one it was given, over HTTPS and MQTT', async () => {
    const { dir } = await registerDevice(cloud, 'distrustful')
    await changeConfiguration(dir, { caFile: join(dir, 'device.pem') })
    for (const command of ['connect', 'credentials']) {
      expect(await run([command, '--dir', dir])).toMatchObject({ code: 1, stderr: expect.stringContaining('SERVER_CA_UNKNOWN') })
    }
  })

  test('says when nothing listens', async () => {
    const { dir } = await registerDevice(cloud, 'alone')
    await changeConfiguration(dir, { mqttEndpoint: 'localhost:1', credentialsEndpoint: 'localhost:1' })
    for (const command of ['connect', 'credentials']) {
      const ended = await run([command, '--dir', dir, '--timeout', '0'])
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('CONNECTION_REFUSED') })
    }
  })

  test('sends the files that can be sent, and says why the others cannot', async () => {
    const { dir, file } = await registerDevice(cloud, 'partly')
    const good = await file('good', 'x')
    const ended = await run(['upload', '--dir', dir, dir, good, join(dir, 'missing'), '/dev/null'])
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\S+-good {2}1 bytes\n$/) })
    expect(ended.stderr).toContain(`${dir}: FILE_NOT_REGULAR`)
    expect(ended.stderr).toContain(`${join(dir, 'missing')}: FILE_UNREADABLE`)
    expect(ended.stderr).toContain('/dev/null: FILE_NOT_REGULAR')
    expect(ended.stderr).toContain('3 of 4 files were not sent')
  })

  test('keeps a key through retries, and takes 412 for success only then', async () => {
    const { dir, file } = await registerDevice(cloud, 'retrying')
    const paths: string[] = []
    const answers = [503, 412]
    const s3 = await startFake((request, response) => {
      paths.push(request.url ?? '')
      request.resume().on('end', () => response.writeHead(answers[paths.length - 1] ?? 412).end('<Error><Code>PreconditionFailed</Code></Error>'))
    })
    await changeConfiguration(dir, { s3Endpoint: s3 })
    const path = await file('a b', 'x')
    expect(await run(['upload', '--dir', dir, path])).toMatchObject({ code: 0, stderr: expect.stringContaining('UPLOAD_UNAVAILABLE') })
    expect(new Set(paths).size).toBe(1)
    expect(await run(['upload', '--dir', dir, path])).toMatchObject({ code: 1, stderr: expect.stringContaining('OBJECT_EXISTS') })
  })

  test('fetches credentials again when S3 calls them expired', async () => {
    const { dir, file } = await registerDevice(cloud, 'expired')
    const tokens: unknown[] = []
    const s3 = await startFake((request, response) => {
      tokens.push(request.headers['x-amz-security-token'])
      const isFirst = tokens.length === 1
      request.resume().on('end', () => {
        response.writeHead(isFirst ? 400 : 200).end(isFirst ? '<Error><Code>ExpiredToken</Code></Error>' : '')
      })
    })
    await changeConfiguration(dir, { s3Endpoint: s3 })
    expect(await run(['upload', '--dir', dir, await file('a', 'x')])).toMatchObject({ code: 0, stderr: '' })
    expect(new Set(tokens).size).toBe(2)
  })

  test('gives no secret to a program’s arguments, and ends with its temporary files gone', async () => {
    const shims = join(folder, 'shims')
    const log = join(folder, 'arguments.log')
    await mkdir(shims)
    const tools = ['curl', 'openssl', 'sed', 'tr', 'od', 'cat', 'ls', 'cp', 'mv', 'ln', 'rm', 'dd', 'grep', 'cut', 'head', 'sync', 'mkfifo', 'cmp', 'date']
    const real = process.env.PATH ?? ''
    for (const tool of tools) {
      const lines = ['#!/bin/sh', `echo ${tool} "$@" >>'${log}'`, `PATH='${real}'`, `exec ${tool} "$@"`]
      await writeFile(join(shims, tool), `${lines.join('\n')}\n`, { mode: 0o755 })
    }
    const recorded = { PATH: `${shims}${delimiter}${real}` }
    const dir = join(folder, 'secretive')
    const claim = await createClaim('secretive')
    expect(await run(enrollArgs(dir), { environment: { ...recorded, THINGDROP_CLAIM: claim } })).toMatchObject({ code: 0 })
    expect(await run(['connect', '--dir', dir], { environment: recorded })).toMatchObject({ code: 0 })
    const { stdout } = await run(['credentials', '--dir', dir], { environment: recorded })
    await writeFile(join(folder, 'public.csv'), 'x')
    expect(await run(['upload', '--dir', dir, 'public.csv'], { environment: recorded })).toMatchObject({ code: 0 })

    const seen = await readFile(log, 'utf8')
    expect(seen).toContain('curl --disable')
    expect(seen).toContain('openssl s_client')
    const key = (await readFile(join(dir, 'device.key'), 'utf8')).split('\n')[1] ?? ''
    const { SecretAccessKey, SessionToken } = JSON.parse(stdout)
    for (const hidden of [claim.split('#')[1], key, SecretAccessKey, SessionToken, 'ASIA']) expect(seen).not.toContain(hidden)
  })

  test('docs/without-node.md names the script and its commands', async () => {
    const page = await readFile(join(import.meta.dirname, '../docs/without-node.md'), 'utf8')
    expect(page).toContain(basename(script))
    for (const command of ['enroll', 'connect', 'credentials', 'upload', 'renew']) expect(page).toContain(`${basename(script)} ${command}`)
  })
})
