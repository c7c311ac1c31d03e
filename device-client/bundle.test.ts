import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
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
  const imported = [...source.matchAll(/\b(?:from\s*|import\s*\(?\s*)["']([^"']+)["']/g)].map(([, name]) => name)
  expect(imported.length).toBeGreaterThan(5)
  expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([])
})

test('runs where there is no node_modules', async () => {
  const env = { PATH: process.env.PATH, HOME: folder }
  const { stdout } = await run('node', [file, '--version'], { cwd: folder, env })
  expect(stdout).toBe(`${packageJson.version}\n`)
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
