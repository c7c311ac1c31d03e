import { createHash, type Hash } from 'node:crypto'
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** What the main thread asks for; each task has one reply, in the order of the tasks. */
export type FileTask =
  | {
      readonly kind: 'start'
      readonly id: number
      readonly path: string
      /** Filled by the main thread. */
      readonly memory: SharedArrayBuffer
    }
  | { readonly kind: 'write'; readonly id: number; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'abandon'; readonly id: number }

export interface FileReply {
  readonly error?: unknown
  /** Of a finished file. */
  readonly md5?: Uint8Array
}

interface OpenFile {
  readonly path: string
  readonly descriptor: number
  readonly md5: Hash
  readonly memory: SharedArrayBuffer
}

/** Linux takes one piece of memory for what one write brings; larger ones than this cost several times as much. */
const writeBytes = 64 * 1024

// This module runs in a thread of its own: MD5 takes most of the time of a large upload, and would hold up all other requests.
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
    const { id, path, memory } = task
    files.set(id, { path, descriptor: openSync(path, 'wx', 0o600), md5: createHash('md5'), memory })
    return {}
  }
  const file = files.get(task.id)
  if (!file) throw new Error('the file could not be opened')
  switch (task.kind) {
    case 'write': {
      const data = new Uint8Array(file.memory, task.offset, task.bytes)
      file.md5.update(data)
      for (let done = 0; done < data.length; ) {
        done += writeSync(file.descriptor, data, done, Math.min(writeBytes, data.length - done))
      }
      return {}
    }
    case 'finish':
      files.delete(task.id)
      closeSync(file.descriptor)
      return { md5: file.md5.digest() }
    case 'abandon':
      files.delete(task.id)
      closeSync(file.descriptor)
      unlinkSync(file.path)
      return {}
  }
}
