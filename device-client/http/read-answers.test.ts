import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAnswerReader, type HttpAnswer } from './read-answers.ts'

/** What is read of bytes that come in these pieces, each of whose memory is used again at once. */
function read(pieces: readonly Buffer[]) {
  const answers: (HttpAnswer & { isLast: boolean })[] = []
  let continues = 0
  const reader = createAnswerReader({
    onContinue: () => void continues++,
    onAnswer: ({ status, headers, body }, isLast) =>
      void answers.push({ status, headers: { ...headers }, body, isLast }),
  })
  for (const piece of pieces) {
    const memory = Buffer.from(piece)
    reader.push(memory)
    memory.fill('#')
  }
  const isUnderWay = reader.isUnderWay()
  reader.end()
  return { answers, continues, isUnderWay }
}

const readText = (text: string) => read([Buffer.from(text, 'latin1')])

const stream = Buffer.from(
  [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 3\r\nx-a:  b c \t\r\nx-a: d\r\n\r\nabc',
    'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 \r\n\r\n',
    'HTTP/1.1 412 Precondition Failed\r\ntransfer-encoding: Chunked\r\nconnection: keep-alive\r\n\r\n',
    '4;name="x"\r\nWiki\r\n00B\r\nödia in \r\n\r\n0\r\nx-checksum: 1\r\n\r\n',
    'HTTP/1.1 304\r\ncontent-length: 9\r\n\r\n',
    'HTTP/1.1 503 Slow Down\r\nConnection: x, Close\r\ncontent-length: 0\r\n\r\n',
  ].join(''),
)

test('reads answers that follow one another, wherever the bytes are cut', () => {
  const whole = read([stream])
  expect(whole.answers).toEqual([
    { status: 200, headers: { etag: '"1"', 'content-length': '3', 'x-a': 'b c, d' }, body: 'abc', isLast: false },
    { status: 204, headers: {}, body: '', isLast: false },
    {
      status: 412,
      headers: { 'transfer-encoding': 'Chunked', connection: 'keep-alive' },
      body: 'Wikiödia in \r\n',
      isLast: false,
    },
    { status: 304, headers: { 'content-length': '9' }, body: '', isLast: false },
    { status: 503, headers: { connection: 'x, Close', 'content-length': '0' }, body: '', isLast: true },
  ])
  expect(whole.continues).toBe(1)
  const cuts = fc.array(fc.nat(stream.length), { maxLength: 40 })
  fc.assert(
    fc.property(cuts, (places) => {
      const ends = [...places.sort((a, b) => a - b), stream.length]
      const pieces = ends.map((end, index) => stream.subarray(index === 0 ? 0 : ends[index - 1], end))
      expect(read(pieces)).toEqual(whole)
    }),
  )
})

test('takes what comes until the end for the body where nothing says how long it is', () => {
  expect(readText('HTTP/1.1 200 OK\r\n\r\nabc').answers).toEqual([
    { status: 200, headers: {}, body: 'abc', isLast: true },
  ])
  expect(readText('HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na').answers).toMatchObject([{ body: 'a', isLast: true }])
})

test.each([
  'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabc',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n',
  'HTTP/1.1 200 OK\r\ncontent-le',
  'HTTP/1.1 100 Continue\r\n\r\nH',
])('takes no part of an answer for the whole: %j', (text) => {
  expect(readText(text)).toMatchObject({ answers: [], isUnderWay: true })
})

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`

test.each([
  '220 mail.example ESMTP\r\n',
  'HTTP/2 200 OK\r\n\r\n',
  'HTTP/1.1 20 OK\r\n\r\n',
  'HTTP/1.1 200 O\x00K\r\n\r\n',
  'HTTP/1.1  200 OK\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  'HTTP/1.1 102 Processing\r\n\r\n'.repeat(9),
  `${ok}content-length: 1\r\ncontent-length: 1\r\n\r\na`,
  `${ok}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n`,
  `${ok}transfer-encoding: gzip, chunked\r\n\r\n`,
  `${ok}content-length: +1\r\n\r\n`,
  `${ok}content-length: 0x1\r\n\r\n`,
  `${ok}content-length: 1, 1\r\n\r\n`,
  `${ok}content-length: 1048577\r\n\r\n`,
  `${ok}etag : x\r\n\r\n`,
  `${ok}etag: x\r\n folded\r\n\r\n`,
  `${ok}etag: x\ny: z\r\n\r\n`,
  `${ok}: x\r\n\r\n`,
  `${ok}etag\r\n\r\n`,
  `${ok}x: ${'y'.repeat(16 * 1024)}\r\n\r\n`,
  `${ok}x: ${'y'.repeat(20 * 1024)}`,
  `${ok}\r\n${'y'.repeat(1024 * 1024 + 1)}`,
  `${chunked}g\r\n`,
  `${chunked}-1\r\n`,
  `${chunked}100001\r\n`,
  `${chunked}fffffffff\r\n`,
  `${chunked}1\r\nabc\r\n`,
  `${chunked}1;${'x'.repeat(2000)}`,
  `${chunked}0\r\nx y\r\n\r\n`,
  `${chunked}0\r\n${'x: y\r\n'.repeat(33)}`,
])('refuses what leaves room for doubt: %.60j', (text) => {
  expect(() => readText(text)).toThrow(expect.objectContaining({ code: 'ANSWER_INVALID' }))
})
