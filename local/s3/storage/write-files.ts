import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { ChecksumAlgorithm } from '../checksum/checksum-algorithm.ts'
import type { FileReply, FileTask } from './file-thread.ts'

export interface FileWriter {
  /** Takes a copy of the chunk. Returns a promise where the caller must wait for room. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Closes the file; digests are those of MD5 and of the algorithms, in their order. */
  finish(): Promise<readonly Uint8Array[]>
  /** Closes the file and removes it. */
  abandon(): Promise<void>
}

export interface FileWriters {
  start(path: string, algorithms: readonly ChecksumAlgorithm[]): FileWriter
  close(): Promise<void>
}

const threadFile = fileURLToPath(new URL('file-thread.ts', import.meta.url))
const bufferBytes = 256 * 1024

/** New files that are hashed as they are written, in a thread of their own that begins with the first of them. */
export function createFileWriters(): FileWriters {
  let thread: Worker | undefined
  const pending: { resolve(reply: FileReply): void; reject(error: unknown): void }[] = []
  let lastId = 0

  function startThread(): Worker {
    const started = new Worker(threadFile)
    started.unref()
    started.on('message', (reply: FileReply) => {
      const asked = pending.shift()
      if (reply.error) asked?.reject(reply.error)
      else asked?.resolve(reply)
    })
    started.on('error', (error) => fail(error))
    started.on('exit', () => fail(new Error('the thread that writes files has ended')))
    return started
  }

  function fail(error: unknown): void {
    thread = undefined
    for (const { reject } of pending.splice(0)) reject(error)
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
    start: (path, algorithms) => startFile(ask, { id: ++lastId, path, algorithms }),
    async close() {
      await thread?.terminate()
    },
  }
}

/** Two buffers in turn: one is being hashed and written while the other fills up. */
function startFile(
  ask: (task: FileTask) => Promise<FileReply>,
  { id, path, algorithms }: { id: number; path: string; algorithms: readonly ChecksumAlgorithm[] },
): FileWriter {
  const buffers = [new SharedArrayBuffer(bufferBytes), new SharedArrayBuffer(bufferBytes)] as const
  const views = [new Uint8Array(buffers[0]), new Uint8Array(buffers[1])] as const
  const started = ask({ kind: 'start', id, path, algorithms, buffers })
  const written: [Promise<unknown>, Promise<unknown>] = [started, started]
  let current: 0 | 1 = 0
  let filled = 0

  function send(): void {
    written[current] = ask({ kind: 'write', id, buffer: current, bytes: filled })
    current = current === 0 ? 1 : 0
    filled = 0
  }

  async function spread(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (filled === bufferBytes) {
        send()
        await written[current]
      }
      const piece = chunk.subarray(at, at + bufferBytes - filled)
      views[current].set(piece, filled)
      filled += piece.length
      at += piece.length
    }
    release(chunk)
  }

  return {
    write(chunk) {
      if (filled + chunk.length > bufferBytes) return spread(chunk)
      views[current].set(chunk, filled)
      filled += chunk.length
      release(chunk)
      return undefined
    },
    async finish() {
      send()
      const finished = ask({ kind: 'finish', id })
      await Promise.all(written)
      return (await finished).digests ?? []
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
