import { s3Error } from '../s3-error.ts'

interface FormFile {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
}

export interface FormData {
  /** In lower case; the first of a name counts. */
  readonly fields: ReadonlyMap<string, string>
  readonly file: FormFile
}

/** S3 allows as much before the file. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
const maxFieldBytes = 20 * 1024
const maxHeadBytes = 8 * 1024
const lineEnd = Buffer.from('\r\n')

/** Reads multipart/form-data (RFC 7578) up to its file, whose content streams. Fields after the file are ignored, as by S3. */
export async function parseFormData(body: AsyncIterable<Uint8Array>, contentType: string): Promise<FormData> {
  const match = /boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (!boundary) throw s3Error('MalformedPOSTRequest')
  // A boundary begins with a line end, which the first one lacks.
  const reader = createReader(body, lineEnd)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const fields = new Map<string, string>()
  let budget = maxFieldBytes
  await reader.readUntil(delimiter, maxHeadBytes)
  for (;;) {
    if ((await reader.readUntil(lineEnd, maxHeadBytes)).toString() === '--') throw noFile()
    const head = parseHead((await reader.readUntil(Buffer.from('\r\n\r\n'), maxHeadBytes)).toString())
    const name = head.name.toLowerCase()
    if (name === 'file') {
      const file = { name: head.filename ?? '', content: reader.streamUntil(delimiter) }
      return { fields, file }
    }
    const value = await reader.readUntil(delimiter, budget)
    budget -= value.length
    if (!fields.has(name)) fields.set(name, value.toString())
  }
}

function parseHead(text: string): { name: string; filename: string | undefined } {
  const disposition = /^content-disposition:\s*form-data(;.*)$/im.exec(text)?.[1] ?? ''
  const name = /[;\s]name="([^"]*)"/.exec(disposition)?.[1]
  if (name === undefined) throw s3Error('MalformedPOSTRequest')
  return { name, filename: /[;\s]filename="([^"]*)"/.exec(disposition)?.[1] }
}

function noFile(): Error {
  const message = 'POST requires exactly one file upload per request.'
  return s3Error('InvalidArgument', { ArgumentName: 'file', ArgumentValue: '0' }, { message })
}

interface Reader {
  /** The bytes before the next mark, which is consumed. */
  readUntil(mark: Buffer, maxBytes: number): Promise<Buffer>
  streamUntil(mark: Buffer): AsyncGenerator<Uint8Array>
}

function createReader(body: AsyncIterable<Uint8Array>, start: Buffer): Reader {
  const chunks = body[Symbol.asyncIterator]()
  let buffered = start

  async function readMore(): Promise<void> {
    const { done, value } = await chunks.next()
    if (done) throw s3Error('MalformedPOSTRequest')
    buffered = Buffer.concat([buffered, value])
  }

  return {
    async readUntil(mark, maxBytes) {
      for (;;) {
        const at = buffered.indexOf(mark)
        if ((at < 0 ? buffered.length - mark.length : at) > maxBytes) throw s3Error('MaxPostPreDataLengthExceededError')
        if (at >= 0) {
          const found = buffered.subarray(0, at)
          buffered = buffered.subarray(at + mark.length)
          return found
        }
        await readMore()
      }
    },
    async *streamUntil(mark) {
      for (;;) {
        const at = buffered.indexOf(mark)
        if (at >= 0) {
          yield buffered.subarray(0, at)
          return
        }
        // The mark may have begun in the last bytes.
        const safe = Math.max(buffered.length - mark.length + 1, 0)
        if (safe > 0) yield buffered.subarray(0, safe)
        buffered = buffered.subarray(safe)
        await readMore()
      }
    },
  }
}
