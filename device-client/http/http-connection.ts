import { DeviceFault } from '../device-fault.ts'
import type { OpenSocket } from './open-socket.ts'
import { createAnswerReader, type HttpAnswer } from './read-answers.ts'

/** Passes one chunk on; resolves when the next may follow, and the chunk may be overwritten. */
export type WriteChunk = (chunk: Uint8Array) => Promise<void>

/**
 * Whole, or written chunk by chunk once the server agreed (100 Continue). What writing throws ends the connection, so that no
 * whole request has arrived.
 */
export type HttpBody = Uint8Array | ((write: WriteChunk) => Promise<void>)

/** A connection that is established, for one request at a time. */
export interface HttpConnection {
  /** `head`: request line and headers, with the empty line. Rejects with what the connection failed of; it is closed then. */
  exchange(head: string, body: HttpBody, signal: AbortSignal | undefined): Promise<HttpAnswer>
  /** Whether another request may follow. */
  isFree(): boolean
  close(): void
}

interface Exchange {
  readonly resolve: (answer: HttpAnswer) => void
  readonly reject: (error: unknown) => void
  /** Of a body that is written in chunks. */
  readonly onContinue: () => void
  isWritten: boolean
}

/** A proxy may swallow the question: then the body follows unasked, as RFC 9110, section 10.1.1, has it. */
const consentMs = 1000
/** A body up to here goes out in one piece with its head. */
const onePieceBytes = 64 * 1024
const pieceStepBytes = 8 * 1024
const nothing = Buffer.alloc(0)
/** A server that names its patience closes while the next request is on its way: it is left this much earlier. */
const marginMs = 1000

/** `onClose` is told once. */
export function createHttpConnection(
  { socket, listen }: OpenSocket,
  { host, idleTimeoutMs, onClose }: { host: string; idleTimeoutMs: number; onClose: () => void },
): HttpConnection {
  let current: Exchange | undefined
  let isOpen = true
  let freeUntilMs = Number.POSITIVE_INFINITY
  let watched: AbortSignal | undefined
  /** For requests that go out in one piece; taken while the system has not got the last one. */
  let piece: Buffer | undefined = nothing
  const reader = createAnswerReader({ onContinue: () => current?.onContinue(), onAnswer })

  function fail(error: unknown): void {
    const failed = current
    current = undefined
    close()
    failed?.reject(error)
  }

  function close(): void {
    if (!isOpen) return
    isOpen = false
    watched?.removeEventListener('abort', onAbort)
    socket.destroy()
    fail(lost('the connection was closed'))
    onClose()
  }

  function onAbort(): void {
    if (current !== undefined) fail(watched?.reason)
  }

  function watch(signal: AbortSignal | undefined): void {
    if (signal === watched) return
    watched?.removeEventListener('abort', onAbort)
    watched = signal
    signal?.addEventListener('abort', onAbort)
  }

  function onAnswer(answer: HttpAnswer, isLast: boolean): void {
    const answered = current
    current = undefined
    const patience = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(answer.headers['keep-alive'] ?? '')?.[1]
    if (patience !== undefined) freeUntilMs = performance.now() + Number(patience) * 1000 - marginMs
    // Refused before it was sent whole: nobody reads the rest. And what follows an answer belongs to none.
    if (isLast || !answered?.isWritten || reader.isUnderWay()) close()
    else socket.unref()
    answered?.resolve(answer)
  }

  socket.setNoDelay(true)
  socket.setTimeout(idleTimeoutMs)
  listen((chunk) => {
    try {
      if (current === undefined) close()
      else reader.push(chunk)
    } catch (error) {
      fail(error)
    }
  })
  socket.on('timeout', () => fail(new DeviceFault('CONNECTION_TIMEOUT', `${host} was silent for too long`)))
  socket.on('error', fail)
  socket.on('end', () => {
    reader.end()
    fail(lost(`${host} ended the connection`))
  })
  socket.on('close', () => fail(lost(`the connection to ${host} ended`)))

  function writeInOnePiece(head: string, body: Uint8Array): void {
    const length = head.length + body.length
    const memory = piece !== undefined && piece.length >= length ? piece : Buffer.allocUnsafeSlow(roundUp(length))
    piece = undefined
    memory.write(head, 'latin1')
    memory.set(body, head.length)
    socket.write(memory.subarray(0, length), () => {
      piece = memory
    })
  }

  function writeChunk(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const onLoss = () => reject(lost('the connection ended while it was written to'))
      if (!isOpen) return onLoss()
      socket.once('close', onLoss)
      // When the system has it, not when there is room again: the chunk's memory is used for the next one.
      socket.write(chunk, (error) => {
        socket.off('close', onLoss)
        if (error) onLoss()
        else resolve()
      })
    })
  }

  /** Resolves when the server wants the body, or says nothing; never when it answers instead, as then nobody wants it. */
  function exchangeChunks(head: string, body: Exclude<HttpBody, Uint8Array>): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const write = async () => {
        clearTimeout(timer)
        exchange.onContinue = () => {}
        try {
          await body(writeChunk)
          exchange.isWritten = true
        } catch (error) {
          if (current === exchange) fail(error)
        }
      }
      const timer = setTimeout(() => exchange.onContinue(), consentMs)
      const settle =
        <Value>(next: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer)
          next(value)
        }
      const exchange = {
        resolve: settle(resolve),
        reject: settle(reject),
        onContinue: () => void write(),
        isWritten: false,
      }
      current = exchange
      socket.write(head, 'latin1')
    })
  }

  return {
    isFree: () => isOpen && current === undefined && performance.now() < freeUntilMs,
    close,
    exchange(head, body, signal) {
      watch(signal)
      socket.ref()
      if (typeof body === 'function') return exchangeChunks(head, body)
      return new Promise((resolve, reject) => {
        current = { resolve, reject, onContinue: () => {}, isWritten: true }
        if (body.length > onePieceBytes) {
          socket.write(head, 'latin1')
          socket.write(body)
        } else {
          writeInOnePiece(head, body)
        }
      })
    },
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / pieceStepBytes) * pieceStepBytes
}

function lost(message: string): DeviceFault {
  return new DeviceFault('CONNECTION_LOST', message)
}
