import type { StoredMessage } from './message-store.ts'
import type { SqsState } from './sqs-state.ts'

/** A redrive of dead letters as it is stored; times are milliseconds since the epoch. */
export interface MoveTask {
  readonly handle: string
  readonly sourceArn: string
  readonly sourceQueue: string
  /** Undefined: each message goes back to where it came from. */
  readonly destinationArn?: string
  readonly maxPerSecond?: number
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED'
  readonly failureReason?: string
  readonly moved: number
  readonly toMove: number
  readonly startedAt: number
}

export interface MoveTaskRunner {
  /** Moves what is visible in the source queue, in small steps so that other calls get their turn. */
  run(handle: string): void
  close(): void
}

const STEP_MESSAGES = 100

export function createMoveTaskRunner(
  state: SqsState,
  tasks: { get(handle: string): MoveTask | undefined; put(handle: string, task: MoveTask): void },
): MoveTaskRunner {
  const timers = new Set<NodeJS.Timeout>()
  const { queues, messages } = state

  function step(task: MoveTask): MoveTask {
    const now = state.clock().getTime()
    const found = messages.findVisible(task.sourceQueue, now, task.maxPerSecond ?? STEP_MESSAGES)
    if (found.length === 0 || task.moved >= task.toMove) return { ...task, status: 'COMPLETED' }
    for (const [index, message] of found.entries()) {
      const destination = findDestination(task, message)
      if (typeof destination !== 'string')
        return { ...task, ...destination, moved: task.moved + index, status: 'FAILED' }
      messages.redrive(message, destination, now)
      state.arrivals.announce(destination)
    }
    return { ...task, moved: task.moved + found.length }
  }

  function findDestination(task: MoveTask, message: StoredMessage): string | { failureReason: string } {
    const arn = task.destinationArn ?? message.source
    if (arn === null) return { failureReason: 'CouldNotDetermineMessageSource' }
    return queues.findByArn(arn)?.name ?? { failureReason: 'AWS.SimpleQueueService.NonExistentQueue' }
  }

  function run(handle: string): void {
    const task = tasks.get(handle)
    if (task?.status !== 'RUNNING') return
    state.transaction(() => tasks.put(handle, step(task)))
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        run(handle)
      },
      task.maxPerSecond === undefined ? 0 : 1000,
    )
    timers.add(timer)
  }

  return {
    run,
    close() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
