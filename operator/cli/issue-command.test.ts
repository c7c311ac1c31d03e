import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfiguration } from '#device/device-configuration.ts'
import { readIdentity } from '#device/device-folder.ts'
import { makeFolder, runCommand, startCli, startCliApi } from '../test-cli.ts'
import { createTestIssuer } from '../test-issuer.ts'
import { createCertificateRequest } from './certificate-request.ts'

async function makeCsr(thingName: string): Promise<string> {
  return createCertificateRequest(thingName, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
}

/** A factory's folder with its CSV file, and the command that works on it. */
async function prepareFactory(lines: readonly string[]) {
  const folder = await makeFolder()
  const from = join(folder, 'devices.csv')
  await writeFile(from, `${lines.join('\n')}\n`)
  const out = join(folder, 'devices')
  return { folder, from, out, args: ['certificates', 'issue', '--from', from, '--out', out] }
}

test('makes for each device the folder that the device client reads', async () => {
  const issuer = await createTestIssuer()
  const { env, requests } = await startCliApi((request) => issuer.answer(request))
  const rows = ['press-1,Press,north,oslo,', '-:2,,,,csr/2.pem']
  const { folder, out, args } = await prepareFactory(['thing,type,group,attribute:site,csr', ...rows])
  await mkdir(join(folder, 'csr'))
  const csr = await makeCsr('-:2')
  await writeFile(join(folder, 'csr/2.pem'), `a comment\n${csr}\n`)
  const { stdout, stderr, code } = await runCommand(args, env)
  expect({ stdout, stderr, code }).toEqual({
    stdout: '',
    stderr: `2 certificates issued, 0 were there, in ${out}\n`,
    code: 0,
  })
  const bodies = requests.map(({ body }) => JSON.parse(body))
  expect(bodies.find(({ thingTypeName }) => thingTypeName === 'Press')).toMatchObject({
    thingGroupName: 'north',
    attributes: { site: 'oslo' },
  })
  expect(bodies.find(({ thingTypeName }) => thingTypeName === undefined)).toEqual({ csr: csr.trim(), attributes: {} })

  const { configuration, tls } = readIdentity(join(out, 'press-1'))
  expect(configuration).toMatchObject({ thingName: 'press-1', bucket: 'files' })
  expect(tls.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  expect(parseConfiguration(await readFile(join(out, '-:2/device.json'), 'utf8')).thingName).toBe('-:2')
  expect(new X509Certificate(await readFile(join(out, '-:2/device.pem'))).subject).toBe('CN=-:2')
  expect((await readdir(join(out, '-:2'))).toSorted()).toEqual(['device.json', 'device.pem'])
  expect((await readdir(join(out, 'press-1'))).toSorted()).toEqual(['device.json', 'device.key', 'device.pem'])
  expect((await stat(join(out, 'press-1'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(out, 'press-1/device.key'))).mode & 0o777).toBe(0o600)

  const again = await runCommand(args, env)
  expect(again.stderr).toContain('0 certificates issued, 2 were there')
  expect(requests).toHaveLength(2)
})

test('what is not right about the file is told by line before anything is made', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 500, body: {} }))
  const rows = [
    ',',
    '../evil,',
    'press-1,',
    'Press-1,',
    'press-5,none.pem',
    'press-6,other.pem',
    'press-7,bad.pem',
    '.,',
  ]
  const { folder, from, out, args } = await prepareFactory(['thing,csr', ...rows])
  await writeFile(join(folder, 'other.pem'), await makeCsr('press-5'))
  await writeFile(join(folder, 'bad.pem'), (await makeCsr('press-7')).replace(/.{8}(={0,2}\n-----END)/, 'AAAAAAAA$1'))
  const { stderr, code } = await runCommand(args, env)
  const name = 'column thing: is not a thing name: 1 to 128 of a-z A-Z 0-9 : _ -'
  expect(stderr.split('\n')).toEqual([
    `CSV_INVALID: nothing was done, as ${from} is not right:`,
    `  line 2, ${name}`,
    `  line 3, ${name}`,
    '  line 5, column thing: Press-1 differs only by case from the thing in line 4',
    `  line 6, column csr: ${folder}/none.pem cannot be read: ENOENT`,
    `  line 7, column csr: ${folder}/other.pem is for "press-5", not for press-6`,
    expect.stringMatching(/^ {2}line 8, column csr: .*bad\.pem is (no PKCS#10|not signed)/),
    `  line 9, ${name}`,
    '',
  ])
  expect(code).toBe(252)
  expect(requests).toEqual([])
  expect(existsSync(out)).toBe(false)
})

test('one that fails does not stop the others; the next run makes it alone, with its key', async () => {
  const issuer = await createTestIssuer()
  const problem = { type: 'about:blank', title: 'x', status: 409, code: 'THING_HELD', detail: 'press-2 is held' }
  let refused: string | undefined
  const { env, requests } = await startCliApi(async (request) => {
    if (refused === undefined && requests.length === 2) {
      refused = request.body
      return { status: 409, body: { ...problem, requestId: 'r-1' } }
    }
    return issuer.answer(request)
  })
  const { out, args } = await prepareFactory(['thing', 'press-1', 'press-2', 'press-3'])
  const first = await runCommand([...args, '--jobs', '1'], env)
  expect(first.stderr).toContain('2 certificates issued')
  expect(first.stderr).toContain(
    'PARTLY_DONE: 1 devices have no certificate:\n  line 3, press-2: THING_HELD: press-2 is held\n',
  )
  expect(first.code).toBe(1)
  const key = await readFile(join(out, 'press-2/device.key'), 'utf8')

  const second = await runCommand(args, env)
  expect(second).toMatchObject({ code: 0, stderr: expect.stringContaining('1 certificates issued, 2 were there') })
  expect(readIdentity(join(out, 'press-2')).tls.key).toBe(key)
})

test('throttling is waited out', async () => {
  const issuer = await createTestIssuer()
  const { env, requests } = await startCliApi((request) =>
    requests.length <= 3 ? { status: 429, body: { message: 'Too Many Requests' } } : issuer.answer(request),
  )
  const { args } = await prepareFactory(['thing', 'press-1'])
  expect((await runCommand(args, env)).code).toBe(0)
  expect(requests).toHaveLength(4)
})

test('killed at any moment it loses nothing: each device has one key and one certificate in the end', async () => {
  const issuer = await createTestIssuer()
  let untilKill = Number.POSITIVE_INFINITY
  let kill = () => {}
  const { env } = await startCliApi((request) => {
    if (--untilKill === 0) kill()
    return issuer.answer(request)
  })
  const names = Array.from({ length: 60 }, (_, index) => `meter-${index}`)
  const { out, args } = await prepareFactory(['thing', ...names])
  for (const requests of [1, 15, 25]) {
    untilKill = requests
    const child = await startCli(args, env)
    kill = () => void child.kill('SIGKILL')
    expect((await once(child, 'close'))[1]).toBe('SIGKILL')
  }
  untilKill = Number.POSITIVE_INFINITY
  expect(await runCommand(args, env)).toMatchObject({ code: 0 })
  for (const name of names) {
    expect(readIdentity(join(out, name)).configuration.thingName).toBe(name)
    expect((await readdir(join(out, name))).toSorted()).toEqual(['device.json', 'device.key', 'device.pem'])
  }
  expect(issuer.issued.size).toBe(names.length)
})

test('a folder of something else is left alone, and a link leads nowhere', async () => {
  const issuer = await createTestIssuer()
  const { env } = await startCliApi((request) => issuer.answer(request))
  const { folder, out, args } = await prepareFactory(['thing', 'press-1', 'press-2', 'press-3', 'press-4'])
  expect((await runCommand(args, env)).code).toBe(0)
  const elsewhere = join(folder, 'elsewhere')
  await mkdir(elsewhere)
  await rm(join(out, 'press-1'), { recursive: true })
  await symlink(elsewhere, join(out, 'press-1'))
  await writeFile(join(out, 'press-2/device.key'), await readFile(join(out, 'press-3/device.key')))
  await writeFile(join(out, 'press-3/device.pem'), await readFile(join(out, 'press-4/device.pem')))
  await rm(join(out, 'press-4/device.key'))
  const { stderr, code } = await runCommand([...args, '--jobs', '1'], env)
  expect(stderr.split('\n').slice(2, 6)).toEqual([
    `  line 2, press-1: FOLDER_UNUSABLE: ${out}/press-1 cannot be used: it is no folder`,
    expect.stringContaining('line 3, press-2: FOLDER_UNUSABLE: '),
    expect.stringContaining('line 4, press-3: FOLDER_UNUSABLE: '),
    expect.stringContaining('holds a certificate, and its key is not there'),
  ])
  expect(code).toBe(1)
  expect(await readdir(elsewhere)).toEqual([])
})

test('a certificate that a device would refuse is not written', async () => {
  const issuer = await createTestIssuer()
  const other = await makeCsr('press-9')
  const { env } = await startCliApi(() => issuer.answer({ body: JSON.stringify({ csr: other }) }))
  const { out, args } = await prepareFactory(['thing', 'press-1'])
  const { stderr, code } = await runCommand(args, env)
  expect(stderr).toContain(
    'line 2, press-1: API_ANSWER_INVALID: the API answered a certificate that is for another key',
  )
  expect(code).toBe(1)
  expect(await readdir(join(out, 'press-1'))).toEqual(['device.key'])
})

test('openssl reads the CSR that is made, and finds the name whole', async () => {
  const csr = await makeCsr('a:b_-')
  const said = execFileSync('openssl', ['req', '-verify', '-noout', '-subject'], { input: csr, stdio: 'pipe' })
  expect(said.toString()).toMatch(/CN ?= ?a:b_-\n/)
})
