import type { Fault } from '#contract/fault.ts'
import type { DeviceFault } from '../device-fault.ts'
import type { Runtime } from '../runtime.ts'
import type { AgentLog } from './agent-log.ts'
import type { DirectoryStatus, Trouble } from './agent-status.ts'

/** Files that are not sent for what is wrong with them. Bounded: of more than a thousand the earliest are tried again. */
export interface FailureList {
  readonly count: () => number
  /** The latest. */
  readonly latest: () => DirectoryStatus['failures']
  /** `identity` is undefined for what cannot be looked at. */
  add(file: string, error: DeviceFault | Fault, identity: string | undefined): void
  /** Whether the file is to be left as it is. */
  isResting(file: string, identity: string): boolean
  remove(file: string): void
  /** Removes those that are gone, and of those that cannot be looked at the ones that were not added again since. */
  prune(sinceMs: number, isThere: (file: string) => boolean): void
}

interface Failure extends Trouble {
  readonly identity: string | undefined
  readonly atMs: number
}

const restMs = 3_600_000
const most = 1000
const shown = 20

export function createFailureList({ clock, monotonicMs }: Runtime, log: AgentLog): FailureList {
  const failures = new Map<string, Failure>()
  return {
    count: () => failures.size,
    latest: () =>
      [...failures].slice(-shown).map(([file, { code, message, hint, since }]) => {
        return { file, code, message, ...(hint !== undefined && { hint }), since }
      }),
    add(file, { code, message, hint }, identity) {
      if (failures.get(file)?.code !== code) log('error', `${file}: ${code} ${message}`, { file, code, hint })
      failures.delete(file)
      const since = clock().toISOString()
      failures.set(file, { code, message, ...(hint !== undefined && { hint }), since, identity, atMs: monotonicMs() })
      const [earliest] = failures.keys()
      if (failures.size > most && earliest !== undefined) failures.delete(earliest)
    },
    isResting(file, identity) {
      const failure = failures.get(file)
      return failure?.identity === identity && monotonicMs() - failure.atMs < restMs
    },
    remove: (file) => void failures.delete(file),
    prune(sinceMs, isThere) {
      for (const [file, { identity, atMs }] of failures) {
        if (identity === undefined ? atMs < sinceMs : !isThere(file)) failures.delete(file)
      }
    },
  }
}
