import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { type ChecksumAlgorithm, type RunningChecksum, startChecksum } from '../checksum/checksum-algorithm.ts'

/** What the main thread asks for; each task has one reply, in the order of the tasks. */
export type FileTask =
  | {
      readonly kind: 'start'
      readonly id: number
      readonly path: string
      readonly algorithms: readonly ChecksumAlgorithm[]
      /** Filled by the main thread in turn. */
      readonly buffers: readonly SharedArrayBuffer[]
    }
  | { readonly kind: 'write'; readonly id: number; readonly buffer: number; readonly bytes: number }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'abandon'; readonly id: number }

export interface FileReply {
  readonly error?: unknown
  /** Of a finished file: MD5 first, then what was asked for. */
  readonly digests?: readonly Uint8Array[]
}

interface OpenFile {
  readonly path: string
  readonly descriptor: number
  readonly checksums: readonly RunningChecksum[]
  readonly buffers: readonly Uint8Array[]
}

/** Linux takes one piece of memory for what one write brings; larger ones than this cost several times as much. */
const writeBytes = 64 * 1024

// This module runs in a thread of its own: hashing takes most of the time of a large upload, and would hold up all other requests.
const files = new Map<number, OpenFile>()
parentPort?.on('message', (task: FileTask) => parentPort?.postMessage(answer(task)))

function answer(task: FileTask): FileReply {
  try {
    return perform(task)
  } catch (error) {
    return { error }
  }
}

function perform(task: FileTask): FileReply {
  if (task.kind === 'start') {
    const { id, path, algorithms, buffers } = task
    files.set(id, {
      path,
      descriptor: openSync(path, 'wx', 0o600),
      checksums: (['MD5', ...algorithms] as const).map(startChecksum),
      buffers: buffers.map((buffer) => new Uint8Array(buffer)),
    })
    return {}
  }
  const file = files.get(task.id)
  if (!file) throw new Error('the file could not be opened')
  switch (task.kind) {
    case 'write': {
      const data = file.buffers[task.buffer]?.subarray(0, task.bytes) ?? new Uint8Array()
      for (const checksum of file.checksums) checksum.update(data)
      for (let done = 0; done < data.length; )
        done += writeSync(file.descriptor, data, done, Math.min(writeBytes, data.length - done))
      return {}
    }
    case 'finish':
      files.delete(task.id)
      closeSync(file.descriptor)
      return { digests: file.checksums.map((checksum) => checksum.digest()) }
    case 'abandon':
      files.delete(task.id)
      closeSync(file.descriptor)
      unlinkSync(file.path)
      return {}
  }
}
