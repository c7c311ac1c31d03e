import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { runDeviceProcess } from './testing/device-process.ts'
import { createEnrolledFolder } from './testing/enrolled-device.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const run = promisify(execFile)
const folder = join(import.meta.dirname, 'systemd')
const units = readdirSync(folder)
const services = units.filter((name) => name.endsWith('.service'))
const contentOf = (name: string) => readFileSync(join(folder, name), 'utf8')
const settingsOf = (name: string, setting: string) =>
  [...contentOf(name).matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value = '']) => value)

const hasSystemd = await run('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
)

let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority()
})

/** The units, with a program that is on every machine which runs this. */
function copyUnits(): string[] {
  const copies = temporaryFolder()
  return units.map((name) => {
    const copy = join(copies, name)
    writeFileSync(copy, contentOf(name).replaceAll('/usr/local/bin/thingdrop-device', process.execPath))
    return copy
  })
}

test.skipIf(!hasSystemd)('are units that systemd takes without a complaint', async () => {
  const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...copyUnits()])
  expect(stdout + stderr).toBe('')
})

test.skipIf(!hasSystemd)('let the services do little, as systemd counts it', async () => {
  const copies = copyUnits().filter((path) => path.endsWith('.service'))
  await run('systemd-analyze', ['security', '--offline=yes', '--threshold=15', ...copies])
})

test('say the same of both services, as these share a user and a folder', () => {
  const shared = ['DynamicUser', 'User', 'StateDirectory', 'EnvironmentFile', 'SystemCallFilter', 'ProtectSystem']
  for (const setting of shared) {
    const [one, other] = services.map((name) => settingsOf(name, setting))
    expect(one).not.toEqual([])
    expect(one).toEqual(other)
  }
})

test('run commands that there are', async () => {
  const commands = services.flatMap((name) => [...settingsOf(name, 'ExecStartPre'), ...settingsOf(name, 'ExecStart')])
  expect(commands.length).toBe(3)
  for (const command of commands) {
    const [program, ...args] = command.split(' ')
    expect(program).toBe('/usr/local/bin/thingdrop-device')
    expect(await runDeviceProcess([...args, '--help'])).toMatchObject({ code: 0, stderr: '' })
  }
})

test('start a device that is enrolled without its claim, and name the claim that is missing', async () => {
  const [variable = '', path = ''] =
    settingsOf('thingdrop-device.service', 'Environment')
      .find((assignment) => assignment.startsWith('THINGDROP_CLAIM_FILE='))
      ?.split('=') ?? []
  const env = { [variable]: path.replace('%d', temporaryFolder()) }
  const dir = await createEnrolledFolder(authority)
  expect(await runDeviceProcess(['enroll'], { ...env, THINGDROP_DEVICE_DIR: dir })).toMatchObject({
    code: 0,
    stdout: 'already enrolled as press-7\n',
  })
  const fresh = await runDeviceProcess(['enroll'], { ...env, THINGDROP_DEVICE_DIR: temporaryFolder() })
  expect(fresh.code).toBe(1)
  expect(fresh.stderr).toContain('CLAIM_MISSING')
})
