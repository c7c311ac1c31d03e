import { expect, test } from 'vitest'
import { writeRecord } from './write-record.ts'

const record = {
  thingName: 'press-1',
  reason: 'a\u001b[2Jb\nc',
  certificateId: undefined,
  attributes: { site: 'oslo', line: '3' },
  revoked: ['0a', '0b'],
}
const fields = ['thingName', 'reason', 'certificateId', 'attributes', 'revoked'] as const

async function written(format: 'table' | 'json'): Promise<string> {
  const parts: string[] = []
  const write = async (part: string) => void parts.push(part)
  await writeRecord(record, fields, format, { write, isTerminal: false, width: undefined, colours: false })
  return parts.join('')
}

test('a line for each field that is there, without what could drive the terminal', async () => {
  expect((await written('table')).split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['thingName', 'press-1'],
    ['reason', 'abc'],
    ['attributes', 'site=oslo line=3'],
    ['revoked', '0a 0b'],
    [''],
  ])
})

test('JSON has the whole of it', async () => {
  expect(JSON.parse(await written('json'))).toEqual(record)
})
