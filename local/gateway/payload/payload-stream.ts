import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { AwsError } from '#local/service.ts'
import type { PayloadReader } from './payload-reader.ts'

const IDLE_MS = 30_000

/**
 * The payload of a request as a stream with back-pressure. It starts with the first read (`onStart`: the moment to answer
 * `Expect: 100-continue`), fails with the reader's AwsError, and with RequestTimeout when the client falls silent.
 */
export function createPayloadStream(source: IncomingMessage, reader: PayloadReader, onStart: () => void): Readable {
  let timer: NodeJS.Timeout | undefined
  const stream = new Readable({
    read() {
      if (timer === undefined) start()
      source.resume()
    },
    destroy(error, done) {
      clearTimeout(timer)
      done(error)
    },
  })
  // Without a listener of its own an error that nobody waits for would end the process.
  stream.on('error', () => {})

  function start(): void {
    timer = setTimeout(checkSilence, IDLE_MS)
    source.on('data', (chunk: Buffer) => attempt(() => reader.write(chunk, push)))
    source.on('end', () => {
      attempt(() => {
        reader.end()
        stream.push(null)
      })
    })
    source.on('close', () => {
      if (!source.complete) stream.destroy(incomplete())
    })
    onStart()
  }

  function push(part: Buffer): void {
    if (!stream.push(part)) source.pause()
  }

  function attempt(work: () => void): void {
    if (stream.destroyed) return
    timer?.refresh()
    try {
      work()
    } catch (error) {
      stream.destroy(error as Error)
    }
  }

  function checkSilence(): void {
    if (source.isPaused()) timer?.refresh()
    else stream.destroy(timedOut())
  }

  return stream
}

function timedOut(): AwsError {
  return new AwsError(
    'RequestTimeout',
    'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  )
}

function incomplete(): AwsError {
  return new AwsError(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  )
}
