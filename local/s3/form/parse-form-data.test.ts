import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseFormData } from './parse-form-data.ts'

const type = 'multipart/form-data; boundary=X-edge'
const part = (name: string, value: string, more = '') =>
  `--X-edge\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const file = (value: string) => part('file', value, '; filename="C:/readings.csv"\r\nContent-Type: text/csv')

async function* cut(text: string, sizes: readonly number[]) {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function read(text: string, sizes: readonly number[] = [1000]) {
  const { fields, file } = await parseFormData(cut(text, sizes), type)
  const chunks: Uint8Array[] = []
  for await (const chunk of file.content) chunks.push(chunk)
  return {
    fields: Object.fromEntries(fields),
    name: file.name,
    text: Buffer.concat(chunks).toString('latin1'),
  }
}

test('reads fields and file, however they arrive, also what looks like a boundary', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
  const text = fc
    .array(fc.constantFrom('\r\n', '--X-edge', '-', 'a', '\r\n--X', ' '), { maxLength: 12 })
    .map((pieces) => pieces.join(''))
  await fc.assert(
    fc.asyncProperty(text, text, sizes, async (value, content, sizesOfChunks) => {
      fc.pre(!`\r\n${value}${content}`.includes('\r\n--X-edge'))
      const form = `${part('Key', value)}${part('key', 'second')}${file(content)}--X-edge--\r\n`
      expect(await read(form, sizesOfChunks)).toEqual({
        fields: { key: value },
        name: 'C:/readings.csv',
        text: content,
      })
    }),
  )
})

test.each([
  ['no file', `${part('key', 'k')}--X-edge--\r\n`, 'InvalidArgument'],
  ['an end in the middle of a field', part('key', 'k').slice(0, -4), 'MalformedPOSTRequest'],
  ['an end in the middle of the file', file('abc').slice(0, -2), 'MalformedPOSTRequest'],
  ['fields without end', part('key', 'k'.repeat(30_000)), 'MaxPostPreDataLengthExceededError'],
])('refuses %s', async (_, form, code) => {
  await expect(read(form)).rejects.toMatchObject({ code })
})

test('refuses a type without a boundary', async () => {
  await expect(parseFormData(cut('', [1]), 'multipart/form-data')).rejects.toMatchObject({
    code: 'MalformedPOSTRequest',
  })
})
