import { DeviceFault } from '../device-fault.ts'

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case; the values of one that came several times with a comma between. */
  readonly headers: Readonly<Partial<Record<string, string>>>
  readonly body: string
}

export interface AnswerEvents {
  /** 100 Continue: the server wants the body. */
  onContinue(): void
  /** `isLast`: the server sends no other over this connection. */
  onAnswer(answer: HttpAnswer, isLast: boolean): void
}

export interface AnswerReader {
  /** Whether bytes of an answer have come that is not whole yet. */
  readonly isUnderWay: () => boolean
  /** The chunk's memory may be used again afterwards. Throws ANSWER_INVALID. */
  push(chunk: Buffer): void
  /** The connection has ended, which ends some answers. */
  end(): void
}

interface Head {
  readonly status: number
  readonly headers: Partial<Record<string, string>>
  readonly isLast: boolean
}

/** As many as Node.js reads. */
const maxHeadBytes = 16 * 1024
/** No answer of the services that are spoken to comes near this. */
const maxBodyBytes = 1024 * 1024
const maxChunkLineBytes = 1024
const maxInterimAnswers = 8
const headEnd = '\r\n\r\n'
const lineEnd = '\r\n'
const start = Buffer.from('HTTP/1.')
const nothing = Buffer.alloc(0)

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
/** Nothing between the name and the colon, no folded line, no control characters (RFC 9112, sections 5.1 and 5.2). */
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/
const chunkLine = /^([0-9a-fA-F]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/

/**
 * Reads the answers of HTTP/1.1 that come over one connection (RFC 9112), one after the other. What leaves room for doubt where an
 * answer ends is refused.
 */
export function createAnswerReader({ onContinue, onAnswer }: AnswerEvents): AnswerReader {
  let rest: Buffer = nothing
  let head: Head | undefined
  let interimAnswers = 0
  let readBody: () => Buffer | undefined = readEmptyBody

  function push(chunk: Buffer): void {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (head !== undefined || rest.length > 0) {
      head ??= takeHead()
      const body = head && readBody()
      if (body === undefined) break
      finish(body)
    }
    if (rest.length > 0) rest = Buffer.from(rest)
  }

  function finish(body: Buffer): void {
    if (head === undefined) return
    const { status, headers, isLast } = head
    head = undefined
    interimAnswers = 0
    onAnswer({ status, headers, body: body.toString() }, isLast)
  }

  function takeHead(): Head | undefined {
    for (;;) {
      if (!rest.subarray(0, start.length).equals(start.subarray(0, rest.length))) throw invalid('what came is no HTTP')
      const end = rest.indexOf(headEnd)
      if (end > maxHeadBytes || (end < 0 && rest.length > maxHeadBytes))
        throw invalid('the head of the answer does not end')
      if (end < 0) return undefined
      const lines = rest.toString('latin1', 0, end).split(lineEnd)
      rest = rest.subarray(end + headEnd.length)
      const [, minor, code = ''] = statusLine.exec(lines[0] ?? '') ?? []
      if (minor === undefined) throw invalid('the status line makes no sense')
      const status = Number(code)
      const headers = parseHeaders(lines)
      if (status >= 200) return prepareBody(status, headers, minor === '0')
      // An answer ahead of the answer. Nobody asked for another protocol.
      if (status === 101 || ++interimAnswers > maxInterimAnswers) throw invalid(`${status} was not asked for`)
      if (status === 100) onContinue()
    }
  }

  /** RFC 9112, section 6.3. */
  function prepareBody(status: number, headers: Head['headers'], isOld: boolean): Head {
    const { 'transfer-encoding': encoding, 'content-length': length, connection = '' } = headers
    const isLast = isOld || /(?:^|,)\s*close\s*(?:,|$)/i.test(connection)
    if (encoding !== undefined && length !== undefined) throw invalid('the answer has two lengths')
    if (status === 204 || status === 304) readBody = readEmptyBody
    else if (encoding !== undefined) {
      if (encoding.toLowerCase() !== 'chunked') throw invalid('the answer has an encoding that was not asked for')
      readBody = createChunkedBody()
    } else if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) throw invalid('the length of the answer makes no sense')
      if (Number(length) > maxBodyBytes) throw invalid('the answer is too long')
      readBody = () => takeBytes(Number(length))
    } else {
      readBody = readUntilEnd
      return { status, headers, isLast: true }
    }
    return { status, headers, isLast }
  }

  function readEmptyBody(): Buffer {
    return nothing
  }

  function takeBytes(count: number): Buffer | undefined {
    if (rest.length < count) return undefined
    const bytes = rest.subarray(0, count)
    rest = rest.subarray(count)
    return bytes
  }

  function readUntilEnd(): undefined {
    if (rest.length > maxBodyBytes) throw invalid('the answer does not end')
  }

  function takeLine(): string | undefined {
    const end = rest.indexOf(lineEnd)
    if (end > maxChunkLineBytes || (end < 0 && rest.length > maxChunkLineBytes)) throw invalid('a line does not end')
    if (end < 0) return undefined
    const line = rest.toString('latin1', 0, end)
    rest = rest.subarray(end + lineEnd.length)
    return line
  }

  /** RFC 9112, section 7.1; trailers are passed over. */
  function createChunkedBody(): () => Buffer | undefined {
    const chunks: Buffer[] = []
    let bodyBytes = 0
    let chunkBytes: number | undefined
    let trailerLines = 0
    return () => {
      for (;;) {
        if (chunkBytes === 0) {
          const line = takeLine()
          if (line === undefined) return undefined
          if (line === '') return Buffer.concat(chunks)
          if (!headerLine.test(line) || ++trailerLines > 32) throw invalid('the trailers make no sense')
        } else if (chunkBytes === undefined) {
          const line = takeLine()
          if (line === undefined) return undefined
          const size = chunkLine.exec(line)?.[1]
          if (size === undefined) throw invalid('the size of a chunk makes no sense')
          chunkBytes = Number.parseInt(size, 16)
          bodyBytes += chunkBytes
          if (bodyBytes > maxBodyBytes) throw invalid('the answer does not end')
        } else {
          const chunk = takeBytes(chunkBytes + lineEnd.length)
          if (chunk === undefined) return undefined
          if (chunk.toString('latin1', chunkBytes) !== lineEnd) throw invalid('a chunk does not end where it said')
          chunks.push(Buffer.from(chunk.subarray(0, chunkBytes)))
          chunkBytes = undefined
        }
      }
    }
  }

  return {
    push,
    isUnderWay: () => head !== undefined || rest.length > 0,
    end() {
      if (head === undefined || readBody !== readUntilEnd) return
      const body = rest
      rest = nothing
      finish(body)
    },
  }
}

function parseHeaders(lines: readonly string[]): Head['headers'] {
  const headers: Head['headers'] = Object.create(null)
  for (let index = 1; index < lines.length; index++) {
    const [, field, value = ''] = headerLine.exec(lines[index] ?? '') ?? []
    if (field === undefined) throw invalid('a header of the answer makes no sense')
    const name = field.toLowerCase()
    const earlier = headers[name]
    if (earlier !== undefined && name === 'content-length') throw invalid('the answer has two lengths')
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`
  }
  return headers
}

function invalid(message: string): DeviceFault {
  return new DeviceFault('ANSWER_INVALID', message)
}
