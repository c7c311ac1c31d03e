import { rmSync } from 'node:fs'
import { DeviceFault } from '../device-fault.ts'
import { tryInspect } from '../sync/try-inspect.ts'
import type { AgentLog } from './agent-log.ts'
import type { Backlog } from './backlog.ts'
import type { FailureList } from './failure-list.ts'

/** Removes the oldest files that wait, unsent, while there are more bytes than the limit; returns how many. */
export function dropOldest(
  backlog: Backlog,
  isOver: () => boolean,
  { failures, log }: { readonly failures: FailureList; readonly log: AgentLog },
): number {
  let dropped = 0
  while (isOver()) {
    const file = backlog.takeOldest()
    if (file === undefined) break
    const { path, storedPath, identity, sizeBytes } = file
    if (tryInspect(path)?.identity !== identity) continue
    try {
      rmSync(path)
    } catch (error) {
      const { message } = error as Error
      failures.add(storedPath, new DeviceFault('DIRECTORY_UNUSABLE', message, { cause: error }), identity)
      continue
    }
    dropped++
    log('warn', `dropped ${storedPath} unsent, ${sizeBytes} bytes: the spool is full`, { file: storedPath, sizeBytes })
  }
  return dropped
}
