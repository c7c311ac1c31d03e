import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { createFileDurably, renameDurably, writeFileDurably } from './write-file-durably.ts'

test('replaces a file, creates one only once, and leaves nothing else behind', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'file')
  expect(createFileDurably(path, 'first')).toBe(true)
  expect(createFileDurably(path, 'second')).toBe(false)
  expect(readFileSync(path, 'utf8')).toBe('first')
  writeFileDurably(path, 'third')
  expect(readFileSync(path, 'utf8')).toBe('third')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  renameDurably(path, `${path}.new`)
  expect(readdirSync(folder)).toEqual(['file.new'])
})

test('says when the folder cannot be written to', () => {
  const path = join(temporaryFolder(), 'file')
  mkdirSync(path)
  expect(() => writeFileDurably(path, 'x')).toThrow(expect.objectContaining({ code: 'FOLDER_UNUSABLE' }))
  expect(() => createFileDurably(join(path, 'missing', 'file'), 'x')).toThrow(
    expect.objectContaining({ code: 'FOLDER_UNUSABLE' }),
  )
})

test('is never seen half written by another process', async () => {
  const path = join(temporaryFolder(), 'file')
  const module = join(import.meta.dirname, 'write-file-durably.ts')
  const program = `import { writeFileDurably } from ${JSON.stringify(module)}
    for (let i = 0; ; i++) writeFileDurably(${JSON.stringify(path)}, String(i % 10).repeat(100_000))`
  writeFileDurably(path, 'x'.repeat(100_000))
  const writer = execFile('node', ['--input-type=module', '-e', program])
  const ended = new Promise((resolve) => writer.on('close', resolve))
  const seen = new Set<string>()
  while (seen.size < 4) {
    const content = readFileSync(path, 'utf8')
    expect(content).toBe(content.charAt(0).repeat(100_000))
    seen.add(content.charAt(0))
    await new Promise(setImmediate)
  }
  writer.kill('SIGKILL')
  await ended
  expect(readFileSync(path, 'utf8')).toHaveLength(100_000)
})
