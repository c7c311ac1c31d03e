import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Message } from '@aws-sdk/client-sqs'
import type { EventSourceMapping } from './event-source-mapping.ts'
import type { Outcome } from './sandbox.ts'
import { readBatchFailures, toSqsEvent } from './sqs-event.ts'

export interface QueuePollerOptions {
  /** The mapping as it is now; undefined once it is deleted or disabled. */
  readonly mapping: () => EventSourceMapping | undefined
  readonly region: string
  readonly clock: () => Date
  /** Calls SQS as the function's role. */
  readonly callSqs: (operation: 'ReceiveMessage' | 'DeleteMessageBatch', input: object) => Promise<unknown>
  readonly invoke: (functionArn: string, payload: string, requestId: string) => Promise<Outcome>
  /** Remembers a batch until what it returns is called, also when the process ends before. */
  readonly remember: (queueUrl: string, messages: readonly Message[]) => () => void
  /** Batches at once when the mapping says nothing. */
  readonly defaultConcurrency: number
  readonly log: (line: string) => void
}

const firstBackoffMs = 500
const maxBackoffMs = 30_000

export type QueuePoller = ReturnType<typeof startQueuePoller>

/** Takes messages from a queue and gives them to a function, in batches, until its mapping is gone. */
export function startQueuePoller(options: QueuePollerOptions) {
  const { mapping, region, clock, callSqs, invoke, remember, defaultConcurrency, log } = options
  const running = new Set<Promise<void>>()
  const stopped = new AbortController()
  let lastProblem: string | undefined

  async function receive(current: EventSourceMapping): Promise<Message[]> {
    const windowEndsMs = clock().getTime() + current.MaximumBatchingWindowInSeconds * 1000
    const messages: Message[] = []
    for (;;) {
      // Long polls; once the batch has begun, only as long as its window.
      const leftSeconds = Math.ceil((windowEndsMs - clock().getTime()) / 1000)
      const output = (await callSqs('ReceiveMessage', {
        QueueUrl: current.queueUrl,
        MaxNumberOfMessages: Math.min(10, current.BatchSize - messages.length),
        WaitTimeSeconds: messages.length === 0 ? 20 : Math.min(20, leftSeconds),
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      })) as { Messages?: Message[] }
      messages.push(...(output.Messages ?? []))
      const isFull = messages.length >= current.BatchSize || messages.length === 0
      if (isFull || clock().getTime() >= windowEndsMs || stopped.signal.aborted) return messages
    }
  }

  async function handle(current: EventSourceMapping, messages: readonly Message[]): Promise<void> {
    const ids = new Set(messages.map((message) => message.MessageId ?? ''))
    const event = toSqsEvent(messages, current.EventSourceArn, region)
    const outcome = await invoke(current.FunctionArn, JSON.stringify(event), randomUUID())
    if ('error' in outcome) return
    const reports = current.FunctionResponseTypes.includes('ReportBatchItemFailures')
    const failed = reports ? readBatchFailures(outcome.payload, ids) : new Set<string>()
    if (!failed)
      log(`${current.FunctionArn}: the answer does not name failures of its batch, so all of it counts as failed`)
    const done = messages.filter((message) => failed && !failed.has(message.MessageId ?? ''))
    for (let start = 0; start < done.length; start += 10) {
      const Entries = done
        .slice(start, start + 10)
        .map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }))
      await callSqs('DeleteMessageBatch', { QueueUrl: current.queueUrl, Entries })
    }
  }

  /** Says a problem once, not at each try. */
  function report(error: unknown, current: EventSourceMapping): void {
    const problem = `${current.EventSourceArn} → ${current.FunctionArn}: ${(error as Error).message}`
    if (problem !== lastProblem && !stopped.signal.aborted) log(problem)
    lastProblem = problem
  }

  async function poll(): Promise<void> {
    let backoffMs = firstBackoffMs
    while (!stopped.signal.aborted) {
      const current = mapping()
      if (!current) return
      if (running.size >= (current.ScalingConfig?.MaximumConcurrency ?? defaultConcurrency)) {
        await Promise.race(running)
        continue
      }
      try {
        const messages = await receive(current)
        backoffMs = firstBackoffMs
        if (messages.length === 0 || stopped.signal.aborted) continue
        // What is not deleted becomes visible again when its visibility timeout ends.
        const forget = remember(current.queueUrl, messages)
        const batch = handle(current, messages).catch((error) => report(error, current))
        running.add(batch)
        batch.finally(() => {
          running.delete(batch)
          forget()
        })
      } catch (error) {
        report(error, current)
        await setTimeout(backoffMs, undefined, { signal: stopped.signal, ref: false }).catch(() => {})
        backoffMs = Math.min(backoffMs * 2, maxBackoffMs)
      }
    }
  }

  const ended = poll()
  return {
    /** Settles when the mapping is gone and its last batch is done. */
    ended,
    stop: () => stopped.abort(),
    /** Settles when the batches of this moment are done. */
    settle: () => Promise.all(running),
  }
}
