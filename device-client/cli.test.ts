import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { json, text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { runDeviceProcess } from './testing/device-process.ts'
import { createEnrolledFolder, testConfiguration } from './testing/enrolled-device.ts'
import { createS3Sink, s3Error } from './testing/s3.ts'
import { connack, startHttp, startHttps, startMqtt } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const secret = `tdc_${'a'.repeat(16)}_${'b'.repeat(64)}`
let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

async function startVending(): Promise<{ readonly claimUrl: string; readonly requests: () => number }> {
  let requests = 0
  const origin = await startHttp(async (request, response) => {
    requests++
    const { csr } = (await json(request)) as { csr: string }
    const certificatePem = await authority.sign(csr)
    const answer = {
      certificateId: new X509Certificate(certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
      certificatePem,
      chainPem: authority.pem,
      notAfter: new Date().toISOString(),
      device: testConfiguration,
    }
    response.end(JSON.stringify(answer))
  })
  return { claimUrl: `${origin}/v1/certificates?thing=press-7#${secret}`, requests: () => requests }
}

test('enrolls with a claim from the environment, a file or standard input, and once only', async () => {
  const { claimUrl, requests } = await startVending()
  const dir = join(temporaryFolder(), 'device')
  const first = await runDeviceProcess(['enroll', '--dir', dir], { THINGDROP_CLAIM: claimUrl })
  expect(first).toEqual({ code: 0, stdout: 'enrolled as press-7\n', stderr: '' })
  expect(await runDeviceProcess(['enroll', '--dir', dir])).toMatchObject({
    code: 0,
    stdout: 'already enrolled as press-7\n',
  })
  expect(requests()).toBe(1)

  const file = join(temporaryFolder(), 'claim')
  writeFileSync(file, `${claimUrl}\n`)
  expect(await runDeviceProcess(['enroll', '--dir', dir, '--force', '--claim-file', file])).toMatchObject({ code: 0 })
  const piped = await runDeviceProcess(['enroll', '--force'], { THINGDROP_DEVICE_DIR: dir }, claimUrl)
  expect(piped).toMatchObject({ code: 0, stdout: 'enrolled as press-7\n' })
  expect(requests()).toBe(3)
})

test('connects after the registration, and tells that it waits', async () => {
  let connections = 0
  const mqttEndpoint = await startMqtt({ ...server, ca: authority.pem, requestCert: true }, (packet, socket) => {
    if (packet.cmd === 'connect') socket.write(++connections < 2 ? '' : connack(0))
    if (connections < 2) socket.end()
  })
  const dir = await createEnrolledFolder(authority, { mqttEndpoint })
  const { code, stdout, stderr } = await runDeviceProcess(['connect', '--dir', dir])
  expect(stderr).toMatch(/^registration pending, retrying in \d+\.\d s\n$/)
  expect(stdout).toBe(`connected to ${mqttEndpoint} as press-7\n`)
  expect(code).toBe(0)
})

test('prints credentials as an AWS profile and as a shell takes them', async () => {
  const expiration = '2099-04-25T03:47:26Z'
  const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: "it's secret", sessionToken: 'a/b+c=', expiration }
  const credentialsEndpoint = await startHttps(server, (_, response) => response.end(JSON.stringify({ credentials })))
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint })
  const { code, stdout } = await runDeviceProcess(['credentials', '--dir', dir])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    Version: 1,
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: "it's secret",
    SessionToken: 'a/b+c=',
    Expiration: expiration,
  })
  const { stdout: exports } = await runDeviceProcess(['credentials', '--env', '--dir', dir])
  const shell = spawn('sh', ['-c', `${exports}\nprintf %s "$AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN $AWS_REGION"`])
  expect(await text(shell.stdout)).toBe("it's secret a/b+c= us-east-1")
})

test('uploads each file, names each that failed, and ends with 1 if any did', async () => {
  const sink = createS3Sink((put, response) => {
    if (!put.url.includes('denied')) return false
    response.writeHead(403).end(s3Error('AccessDenied'))
    return true
  })
  const expiration = new Date(Date.now() + 3_600_000)
  const credentials = { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiration }
  const credentialsEndpoint = await startHttps(server, (_, response) => response.end(JSON.stringify({ credentials })))
  const s3Endpoint = `https://${await startHttps(server, sink.handle)}`
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint, s3Endpoint })
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  for (const name of ['a.csv', 'denied.csv', 'c.csv']) writeFileSync(at(name), name)
  mkdirSync(at('folder'))

  const good = await runDeviceProcess(['upload', '--dir', dir, at('a.csv')])
  expect(good).toMatchObject({ code: 0, stderr: '' })
  expect(good.stdout).toMatch(/^things\/press-7\/\d{4}-\d\d-\d\d\/[0-9a-f]{16}-a\.csv {2}5 bytes {2}\d+ ms\n$/)

  expect(await runDeviceProcess(['upload', '--dir', dir, at('a.csv')])).toMatchObject({
    code: 0,
    stdout: `already uploaded as ${good.stdout.split(' ')[0]}\n`,
  })

  const files = ['a.csv', 'denied.csv', 'folder', 'none', 'c.csv'].map(at)
  const mixed = await runDeviceProcess(['upload', '--dir', dir, '--output', 'jsonl', '--transfers', '2', ...files])
  const lines = mixed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(Object.fromEntries(lines.map(({ file, outcome, error }) => [file, error?.code ?? outcome]))).toEqual({
    [at('a.csv')]: 'present',
    [at('denied.csv')]: 'UPLOAD_DENIED',
    [at('folder')]: 'FILE_NOT_REGULAR',
    [at('none')]: 'FILE_UNREADABLE',
    [at('c.csv')]: 'sent',
  })
  for (const name of ['denied.csv', 'folder', 'none']) expect(mixed.stderr).toContain(at(name))
  expect(mixed.stderr).toContain('3 of 5 files were not sent')
  expect(mixed.code).toBe(1)
  expect(sink.objects.size).toBe(2)
})

test('syncs a directory, and tells what it sent, in text and in JSON', async () => {
  const sink = createS3Sink((put, response) => {
    if (!put.url.includes('odd')) return false
    response.writeHead(400).end(s3Error('MetadataTooLarge'))
    return true
  })
  const expiration = new Date(Date.now() + 3_600_000)
  const credentials = { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiration }
  const credentialsEndpoint = await startHttps(server, (_, response) => response.end(JSON.stringify({ credentials })))
  const s3Endpoint = `https://${await startHttps(server, sink.handle)}`
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint, s3Endpoint })
  const root = temporaryFolder()
  mkdirSync(join(root, 'sub'))
  for (const name of ['sub/a.csv', 'b.tmp', 'odd']) writeFileSync(join(root, name), 'x')
  const sync = (...args: string[]) => runDeviceProcess(['sync', root, '--dir', dir, ...args])

  expect(await sync('--exclude', '*.tmp', '--exclude', 'odd', '--dry-run')).toMatchObject({
    code: 0,
    stdout: 'would send sub/a.csv  1 bytes\n',
    stderr: '1 to send (1 bytes), 0 already there, 0 skipped, 0 failed\n',
  })
  const sent = await sync('--include', '*.csv')
  expect(sent).toMatchObject({ code: 0, stderr: '1 sent (1 bytes), 0 already there, 0 skipped, 0 failed\n' })
  expect(sent.stdout).toMatch(/^sub\/a\.csv {2}things\/press-7\/\S+-a\.csv {2}1 bytes\n$/)

  const { code, stdout, stderr } = await sync('--output', 'jsonl', '--delete-after', '--min-age', '0')
  const lines = stdout.trim().split('\n')
  expect(lines.sort().map((line) => JSON.parse(line))).toMatchObject([
    { file: 'b.tmp', outcome: 'sent', sizeBytes: 1 },
    { file: 'odd', outcome: 'failed', error: { code: 'UPLOAD_REFUSED' } },
    { summary: { sent: 1, sentBytes: 1, present: 1, skipped: 0, failed: 1, deleted: 2 } },
  ])
  expect(stderr).toMatch(/^odd: UPLOAD_REFUSED /)
  expect(code).toBe(1)
  expect(readdirSync(root)).toEqual(['odd', 'sub'])
})

test('ends with 1 and the mend when the device is not enrolled', async () => {
  const { code, stderr } = await runDeviceProcess(['connect'])
  expect(stderr).toContain('NOT_ENROLLED')
  expect(stderr).toContain('thingdrop-device enroll')
  expect(code).toBe(1)
})
