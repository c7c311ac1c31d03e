import type { Arrivals } from './arrivals.ts'
import type { MessageStore } from './message-store.ts'
import type { QueueStore } from './queue-store.ts'

/** What every operation stands on. */
export interface SqsState {
  readonly accountId: string
  readonly queues: QueueStore
  readonly messages: MessageStore
  readonly arrivals: Arrivals
  readonly clock: () => Date
  /** Where queue URLs point: `http://127.0.0.1:4566`. */
  readonly endpoint: () => string
  readonly transaction: <R>(work: () => R) => R
}
