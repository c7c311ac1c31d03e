import { expect, test } from 'vitest'
import type { Out } from './out.ts'
import { type Listing, type ListingFormat, type RowPage, writeListing } from './write-listing.ts'

interface Row {
  readonly key: string
  readonly sizeBytes?: number
}

const listing: Listing<Row> = {
  noun: 'files',
  fields: ['key', 'sizeBytes'],
  columns: [{ heading: 'KEY', cell: ({ key }) => key }],
}

async function* pagesOf(...pages: RowPage<Row>[]) {
  yield* pages
}

async function print(format: ListingFormat, pages: RowPage<Row>[], terminal: Partial<Out> = {}) {
  const written: string[] = []
  const write = async (text: string) => void written.push(text)
  const out: Out = { write, isTerminal: false, width: undefined, colours: false, ...terminal }
  const result = await writeListing(pagesOf(...pages), listing, format, out)
  return { text: written.join(''), writes: written.length, result }
}

const pages = [
  { rows: [{ key: 'a', sizeBytes: 1 }, { key: '=b' }], cursor: 'x' },
  { rows: [] },
  { rows: [{ key: 'c' }], cursor: 'y' },
]

test('JSON is one document over all pages, with the cursor to go on from', async () => {
  const { text, result } = await print('json', pages)
  expect(JSON.parse(text)).toEqual({ files: [{ key: 'a', sizeBytes: 1 }, { key: '=b' }, { key: 'c' }], cursor: 'y' })
  expect(result).toEqual({ rowCount: 3, cursor: 'y' })
  expect((await print('json', [{ rows: [] }])).text).toBe('{"files":[]}\n')
})

test('JSON lines, CSV and table hold the same rows', async () => {
  expect((await print('jsonl', pages)).text).toBe('{"key":"a","sizeBytes":1}\n{"key":"=b"}\n{"key":"c"}\n')
  expect((await print('csv', pages)).text).toBe(`key,sizeBytes\r\na,1\r\n"'=b",\r\nc,\r\n`)
  expect((await print('table', pages)).text).toBe('KEY\na\n=b\nc\n')
})

test('an empty list is a CSV of its heading and no table', async () => {
  expect((await print('csv', [{ rows: [] }])).text).toBe('key,sizeBytes\r\n')
  expect((await print('jsonl', [{ rows: [] }])).text).toBe('')
  expect((await print('table', [{ rows: [] }])).text).toBe('')
})

test('CSV keeps control characters in a file and spares a terminal them', async () => {
  const hostile = [{ rows: [{ key: 'a\u001b[2Jb' }] }]
  expect((await print('csv', hostile)).text).toContain('a\u001b[2Jb')
  expect((await print('csv', hostile, { isTerminal: true })).text).toContain('ab')
})

test('nothing is written when the first page fails', async () => {
  const written: string[] = []
  const out: Out = {
    write: async (text) => void written.push(text),
    isTerminal: false,
    width: undefined,
    colours: false,
  }
  const refused = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('refused')) }) }
  await expect(writeListing(refused, listing, 'json', out)).rejects.toThrow('refused')
  expect(written).toEqual([])
})
