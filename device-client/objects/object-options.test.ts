import { expect, test } from 'vitest'
import { checkObjectOptions, formatObjectHeaders } from './object-options.ts'

const values = {
  thing: 'press-7',
  name: 'größe 1%.csv',
  path: 'line-2/größe 1%.csv',
  dir: 'line-2',
  mtime: '2026-11-24T12:00:00.000Z',
  size: '12',
}

test('fills templates, in what headers and tags take', () => {
  const headers = formatObjectHeaders(
    { metadata: { line: '{dir}', file: '{name}', at: '{mtime}' }, tags: { thing: '{thing}', 'file name': '{name}!' } },
    values,
  )
  expect(headers).toEqual({
    'x-amz-meta-line': 'line-2',
    'x-amz-meta-file': 'gr%C3%B6%C3%9Fe 1%25.csv',
    'x-amz-meta-at': '2026-11-24T12:00:00.000Z',
    'x-amz-tagging': 'thing=press-7&file%20name=gr%C3%B6%C3%9Fe%201_.csv_',
  })
  expect(formatObjectHeaders({}, values)).toEqual({})
})

test.each([
  [{ metadata: { Line: 'x' } }, 'is no name of metadata'],
  [{ metadata: { path: 'x' } }, 'is the path below the directory'],
  [{ tags: { 'aws:x': 'x' } }, 'is no name of a tag'],
  [{ tags: { 'a!': 'x' } }, 'is no name of a tag'],
  [{ tags: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`t${index}`, 'x'])) }, 'at most 10 tags'],
  [{ metadata: { line: '{folder}' } }, '{folder} is nothing that a template knows'],
])('refuses %j', (options, message) => {
  expect(() => checkObjectOptions(options)).toThrow(message)
})
