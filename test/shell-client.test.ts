import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { IoTClient, ListThingPrincipalsCommand, UpdateCertificateCommand } from '@aws-sdk/client-iot'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDevice } from '#device/index.ts'
import { canRunScript, runScript, type ScriptOptions, script, shells } from '#device/sh/run-script.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, registerDevice } from './test-device.ts'

let folder: string
let cloud: TestCloud
/** Of a device that the script enrolled and connected, by-script. */
let scripted: string

const run = (args: readonly string[], options: ScriptOptions = {}) => runScript(args, { cwd: folder, ...options })

async function createClaim(thingName: string): Promise<string> {
  return (await cloud.operator.claims.create({ thingName })).claimUrl
}

const enrollArgs = (dir: string) => ['enroll', '--dir', dir, '--ca-file', cloud.cloud.caFile]

/** A device that the script enrolled and connected. */
async function registerWithScript(thingName: string, options: ScriptOptions = {}): Promise<string> {
  const dir = join(folder, thingName)
  const claim = { THINGDROP_CLAIM: await createClaim(thingName) }
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

describe.skipIf(!canRunScript)('the client without Node.js (needs curl and openssl)', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thingdrop-shell-'))
    cloud = await startTestCloud()
    scripted = await registerWithScript('by-script')
  })
  afterAll(async () => {
    await cloud?.close()
    await rm(folder, { recursive: true })
  })

  test.each(shells)(
    'goes from a claim to rows in the upload log, with %s (each shell: THINGDROP_EXHAUSTIVE)',
    async (shell) => {
      const thingName = `shell:${shell.replaceAll(/\W/g, '_')}`
      const dir = await registerWithScript(thingName, { shell })
      const files = join(folder, `files of ${shell}`)
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
      const { code, stdout, stderr } = await run(['upload', '--dir', dir, '--', ...Object.keys(contents)], {
        shell,
        cwd: files,
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout.trimEnd().split('\n')).toHaveLength(Object.keys(contents).length)

      const rows = await eventually('a row for each file', async () => {
        const { uploads } = await cloud.operator.uploads.list({ thing: thingName })
        return uploads.length === Object.keys(contents).length && uploads
      })
      const s3 = new S3Client(cloud.client())
      for (const { key } of rows) {
        const [, day, file = ''] = /^things\/[^/]+\/([^/]+)\/[0-9a-f]{16}-(.*)$/s.exec(key) ?? []
        expect(day).toMatch(/^\d{4}-\d\d-\d\d$/)
        const object = await s3.send(new GetObjectCommand({ Bucket: cloud.output('BucketName'), Key: key }))
        expect(
          Buffer.from((await object.Body?.transformToByteArray()) ?? []).equals(contents[file] ?? Buffer.from('other')),
        ).toBe(true)
        if (file === 'a b.csv') expect(object.ContentType).toBe('text/csv')
      }
    },
  )

  test('keeps key, certificate and configuration as the Node.js client does', async () => {
    const { dir: other } = await enrollDevice(cloud, 'by-node')
    expect(await readdir(scripted)).toEqual((await readdir(other)).sort())
    for (const file of await readdir(scripted)) expect((await stat(join(scripted, file))).mode & 0o777).toBe(0o600)
    expect((await stat(scripted)).mode & 0o777).toBe(0o700)
    const read = async (of: string) => JSON.parse(await readFile(join(of, 'device.json'), 'utf8'))
    expect({ ...(await read(scripted)), thingName: 'by-node' }).toEqual(await read(other))
  })

  test('the Node.js client goes on from its folder', async () => {
    const device = createDevice({ dir: scripted })
    onTestFinished(() => device.close())
    const file = join(folder, 'by-script.csv')
    await writeFile(file, 'x')
    await (await device.connect()).disconnect()
    expect(await device.upload(file)).toMatchObject({
      sizeBytes: 1,
      key: expect.stringMatching(/^things\/by-script\//),
    })
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

  test('renews its certificate, and the Node.js client goes on with the new one', async () => {
    const dir = scripted
    const before = await readFile(join(dir, 'device.pem'), 'utf8')
    const files = await readdir(dir)
    expect(await run(['renew', '--dir', dir])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^not due for/) })
    expect(await run(['renew', '--force', '--dir', dir])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^renewed as by-script, valid until /),
    })
    expect(await readFile(join(dir, 'device.pem'), 'utf8')).not.toBe(before)
    expect(await readdir(dir)).toEqual(files)
    const { principals } = await new IoTClient(cloud.client()).send(
      new ListThingPrincipalsCommand({ thingName: 'by-script' }),
    )
    expect(principals).toHaveLength(1)
    const device = createDevice({ dir })
    onTestFinished(() => device.close())
    await (await device.connect()).disconnect()
  })

  test('gives credentials to an SDK and to a shell', async () => {
    const answer = JSON.parse((await run(['credentials', '--dir', scripted])).stdout)
    expect(Object.keys(answer)).toEqual(['Version', 'AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration'])
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = answer
    const sts = new STSClient(cloud.client({ accessKeyId, secretAccessKey, sessionToken }))
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toContain(':assumed-role/')
    expect(Date.parse(answer.Expiration)).toBeGreaterThan(Date.now())
    expect((await run(['credentials', '--env', '--dir', scripted])).stdout).toMatch(
      /^export AWS_ACCESS_KEY_ID='ASIA\w+'\nexport AWS_SECRET_ACCESS_KEY='[^']+'\nexport AWS_SESSION_TOKEN='[^']+'\nexport AWS_REGION='us-east-1'\n$/,
    )
  })

  test('takes the claim from a file or from standard input, and names of 128 characters', async () => {
    const thingName = 'n:_-'.repeat(32)
    const claimFile = join(folder, 'long.claim')
    await writeFile(claimFile, `${await createClaim(thingName)}\n`)
    const dir = join(folder, `it's a "dir": \\ 1`)
    expect(await run([...enrollArgs(dir), `--claim-file=${claimFile}`])).toMatchObject({
      code: 0,
      stdout: `enrolled as ${thingName}\n`,
    })
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
    const server = createServer(async (request, response) => {
      const body = await text(request)
      requests.push(body)
      const headers = { 'content-type': 'application/json' }
      const answer = await (await fetch(api.origin + api.pathname, { method: 'POST', headers, body })).text()
      answers.push(answer)
      if (requests.length === 1) response.destroy()
      else response.writeHead(201).end(answer)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { code, stderr } = await run(enrollArgs(dir), {
      environment: { THINGDROP_CLAIM: claimUrl.replace(api.origin, proxy) },
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('CONNECTION_LOST') })
    const [first, second] = answers.map((answer) => JSON.parse(answer).certificateId)
    expect(second).toBe(first)
  })

  test('says what the API says of a claim that was used, or is none', async () => {
    const used = await createClaim('used')
    expect(await run(enrollArgs(join(folder, 'used')), { environment: { THINGDROP_CLAIM: used } })).toMatchObject({
      code: 0,
    })
    const again = await run(enrollArgs(join(folder, 'used-2')), { environment: { THINGDROP_CLAIM: used } })
    expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^CLAIM_USED .+\n {2}.+\n$/) })
    const unknown = used.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    const guess = await run(enrollArgs(join(folder, 'guess')), { environment: { THINGDROP_CLAIM: unknown } })
    expect(guess).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^CLAIM_UNKNOWN .+\n {2}check that the claim/),
    })
  })

  test('says why a certificate that was revoked does nothing any more', async () => {
    const { dir, file } = await registerDevice(cloud, 'revoked')
    const iot = new IoTClient(cloud.client())
    const { principals } = await iot.send(new ListThingPrincipalsCommand({ thingName: 'revoked' }))
    const certificateId = principals?.[0]?.split('/')[1]
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }))
    const credentials = await run(['credentials', '--dir', dir, '--timeout', '0'])
    expect(credentials).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^CERTIFICATE_\w+ .+\n {2}.+\n$/),
    })
    const upload = await run(['upload', '--dir', dir, '--timeout', '0', await file('a', 'x')])
    expect(upload).toMatchObject({ code: 1, stderr: expect.stringContaining('1 of 1 files were not sent') })
    const connect = await run(['connect', '--dir', dir, '--timeout', '1'])
    expect(connect).toMatchObject({ code: 1, stderr: expect.stringMatching(/REGISTRATION_PENDING|CERTIFICATE_/) })
  })

  test('gives no secret to a program’s arguments, and ends with its temporary files gone', async () => {
    const shims = join(folder, 'shims')
    const log = join(folder, 'arguments.log')
    await mkdir(shims)
    const tools = 'curl openssl sed tr od cat ls cp mv ln rm dd grep cut head sync mkfifo cmp date find'.split(' ')
    const real = process.env.PATH ?? ''
    for (const tool of tools) {
      const lines = ['#!/bin/sh', `echo ${tool} "$@" >>'${log}'`, `PATH='${real}'`, `exec ${tool} "$@"`]
      await writeFile(join(shims, tool), `${lines.join('\n')}\n`, { mode: 0o755 })
    }
    const recorded = { PATH: `${shims}${delimiter}${real}` }
    const dir = join(folder, 'secretive')
    const claim = await createClaim('secretive')
    const tell = (args: readonly string[], environment = {}) =>
      run(args, { environment: { ...recorded, ...environment } })
    const done = { code: 0, left: [] }
    expect(await tell(enrollArgs(dir), { THINGDROP_CLAIM: claim })).toMatchObject(done)
    expect(await tell(['connect', '--dir', dir])).toMatchObject(done)
    expect(await tell(['renew', '--force', '--dir', dir])).toMatchObject(done)
    await writeFile(join(folder, 'public.csv'), 'x')
    expect(await tell(['upload', '--dir', dir, 'public.csv'])).toMatchObject(done)
    const { stdout } = await tell(['credentials', '--dir', dir])

    const seen = await readFile(log, 'utf8')
    expect(seen).toContain('curl --disable')
    expect(seen).toContain('openssl s_client')
    const key = (await readFile(join(dir, 'device.key'), 'utf8')).split('\n')[1] ?? ''
    const { SecretAccessKey, SessionToken } = JSON.parse(stdout)
    for (const hidden of [claim.split('#')[1], key, SecretAccessKey, SessionToken, 'ASIA'])
      expect(seen).not.toContain(hidden)
  })

  test('docs/without-node.md shows commands that run as they are written', async () => {
    const page = await readFile(join(import.meta.dirname, '../docs/without-node.md'), 'utf8')
    const shown = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, lines = '']) => lines.trim().split('\n'))
    const typed = shown.filter((line) => !line.startsWith('scp '))
    expect(typed).toHaveLength(shown.length - 1)
    const machine = join(folder, 'press-7')
    await mkdir(machine)
    await copyFile(script, join(machine, basename(script)))
    await writeFile(join(machine, 'press-7.claim'), await createClaim('press-7'))
    await writeFile(join(machine, 'readings.csv'), 'x')
    const env = { PATH: process.env.PATH, HOME: machine, THINGDROP_CA_FILE: cloud.cloud.caFile }
    const { stdout } = await promisify(execFile)('sh', ['-ec', typed.join('\n')], { cwd: machine, env })
    expect(stdout).toMatch(
      /^enrolled as press-7\nconnected to \S+ as press-7\nthings\/press-7\/\S+-readings.csv {2}1 bytes\nnot due for/,
    )
  })
})
