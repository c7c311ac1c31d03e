import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'
import { runDeviceProcess } from './testing/device-process.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const page = readFileSync(join(import.meta.dirname, '../docs/device.md'), 'utf8')

test('docs/device.md names codes that there are', () => {
  const codes = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code as DeviceFaultCode)
  const variables = ['HTTPS_PROXY']
  expect(codes.length).toBeGreaterThan(10)
  for (const code of codes.filter((name) => !variables.includes(name))) {
    expect(new DeviceFault(code, 'it').hint).toEqual(expect.any(String))
  }
})

test('docs/device.md names commands and options that there are', async () => {
  const used = [...page.matchAll(/(?:^|[`/])thingdrop-device ([a-z-]+)((?: --[a-z-]+(?: [\w/.]+)?)*)/gm)]
  const commands = new Map(used.map(([, command = '', options = '']) => [`${command}${options}`, command]))
  expect(commands.size).toBeGreaterThan(3)
  for (const [line, command] of commands) {
    const { code, stdout } = await runDeviceProcess([command, '--help'])
    expect(code, line).toBe(0)
    for (const [option] of line.matchAll(/--[a-z-]+/g)) expect(stdout).toContain(`  ${option}`)
  }
})

test('docs/device.md shows a configuration file that can be used', async () => {
  const [, settings = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  const path = join(temporaryFolder(), 'device.json')
  writeFileSync(path, settings)
  expect(await runDeviceProcess(['config', path])).toMatchObject({ code: 0, stderr: '' })
})
