import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { FileReply, FileTask } from './file-thread.ts'

export interface FileWriter {
  /** Takes the chunk, whose memory may be gone afterwards. Returns a promise where the caller must wait for room. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Closes the file, and returns the MD5 of it. */
  finish(): Promise<Uint8Array>
  /** Closes the file and removes it. */
  abandon(): Promise<void>
}

export interface FileWriters {
  start(path: string): FileWriter
  close(): Promise<void>
}

const threadFile = fileURLToPath(new URL('file-thread.ts', import.meta.url))
const bufferBytes = 256 * 1024
const bufferCount = 4

/** New files that are hashed as they are written, in a thread of their own that begins with the first of them. */
export function createFileWriters(): FileWriters {
  let thread: Worker | undefined
  const pending: { resolve(reply: FileReply): void; reject(error: unknown): void }[] = []
  let lastId = 0

  function startThread(): Worker {
    const started = new Worker(threadFile)
    let failure: unknown = new Error('the thread that writes files has ended')
    started.unref()
    started.on('message', (reply: FileReply) => {
      const asked = pending.shift()
      if (reply.error) asked?.reject(reply.error)
      else asked?.resolve(reply)
    })
    started.on('error', (error) => {
      failure = error
    })
    started.on('exit', () => {
      thread = undefined
      for (const { reject } of pending.splice(0)) reject(failure)
    })
    return started
  }

  function ask(task: FileTask): Promise<FileReply> {
    thread ??= startThread()
    const reply = new Promise<FileReply>((resolve, reject) => pending.push({ resolve, reject }))
    thread.postMessage(task)
    // A failure surfaces where the reply is awaited, which may be later: until then it must not end the process.
    reply.catch(() => {})
    return reply
  }

  return {
    start: (path) => startFile(ask, ++lastId, path),
    async close() {
      await thread?.terminate()
    },
  }
}

/** The buffers are used in turn: some are being hashed and written while another fills up. */
function startFile(ask: (task: FileTask) => Promise<FileReply>, id: number, path: string): FileWriter {
  const memory = new SharedArrayBuffer(bufferCount * bufferBytes)
  const view = new Uint8Array(memory)
  const written = Array<Promise<unknown>>(bufferCount).fill(ask({ kind: 'start', id, path, memory }))
  let current = 0
  let filled = 0

  function take(piece: Uint8Array): void {
    view.set(piece, current * bufferBytes + filled)
    filled += piece.length
  }

  function send(): void {
    written[current] = ask({ kind: 'write', id, offset: current * bufferBytes, bytes: filled })
    current = (current + 1) % bufferCount
    filled = 0
  }

  async function spread(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (filled === bufferBytes) {
        send()
        await written[current]
      }
      const piece = chunk.subarray(at, at + bufferBytes - filled)
      take(piece)
      at += piece.length
    }
    release(chunk)
  }

  return {
    write(chunk) {
      if (filled + chunk.length > bufferBytes) return spread(chunk)
      take(chunk)
      release(chunk)
      return undefined
    },
    async finish() {
      send()
      const finished = ask({ kind: 'finish', id })
      await Promise.all(written)
      return (await finished).md5 ?? new Uint8Array()
    },
    async abandon() {
      await ask({ kind: 'abandon', id }).catch(() => {})
    },
  }
}

/**
 * Gives the memory of a chunk back at once, where the chunk is all that it holds. A socket brings 64 KiB with each chunk,
 * and the collector, which does not see them grow, lets 64 MiB of them pile up.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
