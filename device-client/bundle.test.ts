import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleDevice } from '../build/bundle-device.ts'
import packageJson from '../package.json' with { type: 'json' }

const run = promisify(execFile)
let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thingdrop-bundle-'))
  file = await bundleDevice(folder)
})
afterAll(() => rm(folder, { recursive: true }))

test('is one small file that imports nothing but Node.js', async () => {
  const source = await readFile(file, 'utf8')
  expect((await stat(file)).size).toBeLessThan(160_000)
  expect(source.match(/\bfrom\s*["']|\bimport\s*[("']|\brequire\s*\(/g)).toBeNull()
  const builtins = [...source.matchAll(/getBuiltinModule\(["'`]([^"'`]+)["'`]\)/g)].map(([, name]) => name)
  expect(builtins).toEqual(expect.arrayContaining(['node:crypto', 'node:fs', 'node:net', 'node:tls', 'node:sqlite']))
})

test('runs where there is no node_modules, as a script and as a module', async () => {
  const env = { PATH: process.env.PATH, HOME: folder }
  const copies = { commonjs: '{}', module: '{"type":"module"}' }
  for (const [kind, description] of Object.entries(copies)) {
    await mkdir(join(folder, kind))
    await writeFile(join(folder, kind, 'package.json'), description)
    const copy = join(folder, kind, 'thingdrop-device.js')
    await copyFile(file, copy)
    const { stdout } = await run('node', [copy, '--version'], { cwd: folder, env })
    expect(stdout, kind).toBe(`${packageJson.version}\n`)
  }
  await expect(run('node', [file, 'doctor'], { cwd: folder, env })).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('NOT_ENROLLED'),
    stderr: '',
  })
  await expect(run('node', [file, 'renew', '--force'], { cwd: folder, env })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('NOT_ENROLLED'),
  })
})
