import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Content, openSourceFile } from './source-file.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const mebibyte = 1024 * 1024
const faulty = (code: string, words: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(words) })

function readAll(file: Content): Buffer {
  const chunks: Buffer[] = []
  for (const chunk of file.read()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

test('reads a file whole, as often as asked, whatever its size and name', () => {
  const folder = temporaryFolder()
  const name = fc
    .string({ unit: fc.constantFrom(...'ab .%+\n-é🚀'), minLength: 1, maxLength: 40 })
    .filter((text) => !/^\.{1,2}$/.test(text))
  const size = fc.constantFrom(0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, mebibyte + 7)
  fc.assert(
    fc.property(name, size, (fileName, bytes) => {
      const path = join(folder, fileName)
      const content = Buffer.alloc(bytes, 'abc')
      writeFileSync(path, content)
      const file = openSourceFile(path)
      expect(file).toMatchObject({ name: fileName, sizeBytes: bytes })
      for (let time = 0; time < 2; time++) expect(readAll(file).equals(content)).toBe(true)
      file.close()
    }),
    { numRuns: 40 },
  )
})

test('refuses what is no regular file, and does not wait for the writer of a pipe', () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  mkdirSync(at('directory'))
  writeFileSync(at('file'), 'x')
  symlinkSync(at('file'), at('link'))
  execFileSync('sh', ['-c', 'mkfifo "$0"', at('pipe')])
  expect(() => openSourceFile(at('directory'))).toThrow(faulty('FILE_NOT_REGULAR', 'a directory'))
  expect(() => openSourceFile(at('link'))).toThrow(faulty('FILE_NOT_REGULAR', 'a symbolic link'))
  expect(() => openSourceFile(at('pipe'))).toThrow(faulty('FILE_NOT_REGULAR', 'a pipe'))
  expect(() => openSourceFile('/dev/null')).toThrow(faulty('FILE_NOT_REGULAR', 'a device'))
  expect(() => openSourceFile(at('nothing'))).toThrow(faulty('FILE_UNREADABLE', 'no such file'))
  expect(() => openSourceFile(join(at('file'), 'x'))).toThrow(faulty('FILE_UNREADABLE', 'not a directory'))
})

test.each<[string, (path: string) => void]>([
  ['grew', (path) => appendFileSync(path, 'more')],
  ['shrank', (path) => truncateSync(path, mebibyte / 2)],
  ['was written in place', (path) => writeFileSync(path, Buffer.alloc(mebibyte, 'b'), { flag: 'r+' })],
])('fails before the last chunk of a file that %s meanwhile', (_, change) => {
  const path = join(temporaryFolder(), 'file')
  writeFileSync(path, Buffer.alloc(mebibyte, 'a'))
  const file = openSourceFile(path)
  let length = 0
  expect(() => {
    for (const chunk of file.read()) {
      if (length === 0) change(path)
      length += chunk.length
    }
  }).toThrow(faulty('FILE_CHANGED', 'while it was read'))
  expect(length).toBeLessThan(mebibyte)
  file.close()
})

test('reads on when the file is renamed and another takes its place', () => {
  const path = join(temporaryFolder(), 'file')
  writeFileSync(path, 'old')
  const file = openSourceFile(path)
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'new')
  expect(readAll(file).toString()).toBe('old')
  file.close()
})
