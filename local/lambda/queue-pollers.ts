import { setTimeout } from 'node:timers/promises'
import type { EventSourceMapping } from './event-source-mapping.ts'
import { type QueuePoller, type QueuePollerOptions, startQueuePoller } from './queue-poller.ts'

const settleGraceMs = 3000

export interface QueuePollersOptions extends Omit<QueuePollerOptions, 'mapping' | 'callSqs'> {
  readonly findMapping: (uuid: string) => EventSourceMapping | undefined
  /** Calls SQS as the role of a function. */
  readonly callSqs: (functionArn: string, operation: string, input: object) => Promise<unknown>
}

/** One poller for each event source mapping that is enabled. */
export function createQueuePollers(options: QueuePollersOptions) {
  const pollers = new Map<string, QueuePoller>()

  function findEnabled(uuid: string): EventSourceMapping | undefined {
    const mapping = options.findMapping(uuid)
    return mapping?.State === 'Enabled' ? mapping : undefined
  }

  return {
    /** A poller reads its mapping each time, and ends with it: only one that is new or enabled again needs a start. */
    ensure(uuid: string): void {
      if (pollers.has(uuid) || !findEnabled(uuid)) return
      const poller = startQueuePoller({
        ...options,
        mapping: () => findEnabled(uuid),
        callSqs(operation, input) {
          const mapping = options.findMapping(uuid)
          if (!mapping) throw new Error('the event source mapping is gone')
          return options.callSqs(mapping.FunctionArn, operation, input)
        },
      })
      pollers.set(uuid, poller)
      poller.ended.finally(() => pollers.delete(uuid))
    },
    /** Takes no more messages, and waits a while for the batches at work. */
    async settle(): Promise<void> {
      for (const poller of pollers.values()) poller.stop()
      const settled = Promise.all([...pollers.values()].map((poller) => poller.settle()))
      await Promise.race([settled, setTimeout(settleGraceMs, undefined, { ref: false })])
    },
  }
}
