import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHttp } from '@aws-sdk/credential-providers'
import { beforeAll, expect, test, vi } from 'vitest'
import type { AgentStatus } from './agent/agent-status.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { runDeviceProcess, startDeviceProcess } from './testing/device-process.ts'
import { createEnrolledFolder } from './testing/enrolled-device.ts'
import { createS3Sink } from './testing/s3.ts'
import { connack, startMqtt } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { createUploadDevice } from './testing/upload-device.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 20 })

/** `thingdrop-device run` with what it has written to standard error so far. */
function startRun(args: readonly string[], env?: Readonly<Record<string, string>>) {
  const { child, ended } = startDeviceProcess(['run', ...args], env)
  let log = ''
  child.stderr?.on('data', (chunk) => {
    log += chunk
  })
  return { child, ended, log: () => log }
}

test('stays connected until it is told to end, and connects again when it is cut off', async () => {
  const seen: string[] = []
  const mqttEndpoint = await startMqtt({ ...server, ca: authority.pem, requestCert: true }, (packet, socket) => {
    seen.push(packet.cmd)
    if (packet.cmd !== 'connect') return
    socket.write(connack(0))
    if (seen.length === 1) socket.end()
    else child.kill('SIGTERM')
  })
  const { child, ended } = startRun(['--dir', await createEnrolledFolder(authority, { mqttEndpoint })])
  const { code, stderr } = await ended
  expect(stderr.match(/connected to localhost/g)).toHaveLength(2)
  expect(stderr).toContain('CONNECTION_LOST')
  expect(seen).toEqual(['connect', 'connect', 'disconnect'])
  expect(code).toBe(0)
})

test('does what its configuration file says, takes a changed one up, and refuses a broken one', async () => {
  const s3 = createS3Sink()
  const { dir } = await createUploadDevice(authority, server, s3.handle)
  const [first, second] = [temporaryFolder(), temporaryFolder()]
  const path = join(temporaryFolder(), 'device.json')
  const settings = {
    $schema: './schema.json',
    dir,
    settle: 0,
    'no-mqtt': true,
    'credentials-port': 0,
    'log-format': 'json',
  }
  const configure = (watch: unknown) => {
    // Whole at once, as it is read at any moment.
    writeFileSync(`${path}.new`, JSON.stringify({ ...settings, watch }))
    renameSync(`${path}.new`, path)
  }
  configure([{ directory: first, 'delete-after': true, exclude: ['*.tmp'] }])
  const env = { THINGDROP_CONFIG: path }
  const { child, ended, log } = startRun([], env)
  writeFileSync(join(first, 'a'), 'a')
  writeFileSync(join(first, 'b.tmp'), 'b')
  await eventually(() => expect(existsSync(join(first, 'a'))).toBe(false))
  expect(existsSync(join(first, 'b.tmp'))).toBe(true)

  const told = await runDeviceProcess(['status', '--output', 'json'], env)
  const status = JSON.parse(told.stdout) as AgentStatus
  expect(status).toMatchObject({ state: 'running', processId: child.pid, directories: [{ directory: first, sent: 1 }] })
  expect(statSync(join(dir, 'agent.sock')).mode & 0o777).toBe(0o600)
  const provider = fromHttp({
    awsContainerCredentialsFullUri: status.credentialsUrl ?? '',
    awsContainerAuthorizationTokenFile: join(dir, 'credentials.token'),
  })
  expect(await provider()).toMatchObject({ secretAccessKey: 's' })

  configure([first, second])
  child.kill('SIGHUP')
  await eventually(() => expect(log()).toContain('took up the configuration'))
  writeFileSync(join(second, 'c'), 'c')
  await eventually(() => expect(s3.objects.size).toBe(3))
  configure([{ directory: first, settle: 'soon' }])
  child.kill('SIGHUP')
  await eventually(() => expect(log()).toContain('was not taken up: watch: settle must be a whole number'))
  const text = await runDeviceProcess(['status'], env)
  expect(text.stdout).toContain(`${second}: 1 sent (1 bytes), 0 pending (0 bytes), 0 failed`)
  expect(text.code).toBe(0)

  child.kill('SIGTERM')
  const { code, stderr } = await ended
  expect(code).toBe(0)
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.find(({ file }) => file === 'a')).toMatchObject({ level: 'info', message: 'sent a', sizeBytes: 1 })
  expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'ended', time: expect.stringMatching(/^\d{4}-.*Z$/) })
  const gone = await runDeviceProcess(['status'], env)
  expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('AGENT_NOT_RUNNING') })
})

test('goes on where it was killed, with the same upload and without a second object', async () => {
  let kill: (() => void) | undefined
  const s3 = createS3Sink(({ query, method }) => {
    const isCompletion = method === 'POST' && query.has('uploadId')
    if (!isCompletion || kill === undefined) return false
    kill()
    kill = undefined
    return 'lose'
  })
  const { dir } = await createUploadDevice(authority, server, s3.handle)
  const directory = temporaryFolder()
  const content = Buffer.alloc(20 * 1024 * 1024, 'thingdrop')
  writeFileSync(join(directory, 'big.bin'), content)
  const args = [directory, '--dir', dir, '--no-mqtt', '--settle', '0', '--delete-after']
  const first = startRun(args)
  kill = () => first.child.kill('SIGKILL')
  await first.ended
  const second = startRun(args)
  await eventually(() => expect(existsSync(join(directory, 'big.bin'))).toBe(false))
  second.child.kill('SIGTERM')
  expect(await second.ended).toMatchObject({ code: 0 })
  expect([...s3.objects.values()].map((object) => object.equals(content))).toEqual([true])
  expect(s3.requests.filter(({ query }) => query.has('uploads'))).toHaveLength(1)
  expect(s3.requests.filter(({ query }) => query.has('partNumber'))).toHaveLength(2)
})

test('tells systemd when it is ready, that it lives, and that it ends', async () => {
  const programs = temporaryFolder()
  const told = join(programs, 'told')
  writeFileSync(join(programs, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\n`)
  chmodSync(join(programs, 'systemd-notify'), 0o755)
  const { child, ended } = startRun(['--no-mqtt', '--dir', await createEnrolledFolder(authority)], {
    PATH: `${programs}:${process.env.PATH}`,
    NOTIFY_SOCKET: '/run/notify',
    WATCHDOG_USEC: '200000',
  })
  await eventually(() => expect(readFileSync(told, 'utf8')).toContain('WATCHDOG=1'))
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 0 })
  const lines = readFileSync(told, 'utf8').trim().split('\n')
  expect(lines[0]).toBe('/run/notify READY=1 STATUS=running as press-7')
  expect(lines).toContain('/run/notify STOPPING=1')
})

test('checks a configuration file, names what is wrong with it, and prints the schema', async () => {
  const check = async (settings: unknown) => {
    const path = join(temporaryFolder(), 'device.json')
    writeFileSync(path, typeof settings === 'string' ? settings : JSON.stringify(settings))
    return await runDeviceProcess(['config', path])
  }
  const good = { watch: [{ directory: '/data', settle: 0, include: ['*.csv'] }], 'spool-limit': '2GB', transfers: 4 }
  expect(await check(good)).toMatchObject({ code: 0, stdout: '3 settings, all right\n' })
  const wrongs: [unknown, string][] = [
    [{ 'spool-limt': 1 }, 'there is no setting "spool-limt"'],
    [{ transfers: '8' }, 'transfers must be a whole number of at least 1'],
    [{ 'spool-limit': '2 apples' }, '--spool-limit takes a size such as'],
    [{ 'no-mqtt': 'yes' }, 'no-mqtt must be true or false'],
    [{ watch: [{ settle: 1 }] }, 'an object needs its directory'],
    [{ 'spool-drop': true, watch: ['/data'] }, '--spool-drop needs --spool-limit'],
    ['{', 'JSON'],
  ]
  const outcomes = await Promise.all(wrongs.map(([settings]) => check(settings)))
  for (const [index, [, message]] of wrongs.entries()) {
    expect(outcomes[index]).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  }
  const { stdout } = await runDeviceProcess(['config', '--schema'])
  const { properties } = JSON.parse(stdout)
  expect(properties['spool-limit'].description).toContain('bytes')
  expect(properties.watch.items.oneOf[1].properties).toHaveProperty('delete-after')
})
