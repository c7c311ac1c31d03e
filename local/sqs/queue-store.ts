import { AwsError } from '#local/service.ts'
import type { Store } from '#local/store.ts'
import { type Queue, readRedrivePolicy } from './queue.ts'

export interface QueueStore {
  get(name: string): Queue | undefined
  /** The queue of an ARN of this account and region. */
  findByArn(arn: string): Queue | undefined
  put(queue: Queue): void
  delete(name: string): boolean
  list(range?: { after?: string; prefix?: string; limit?: number }): Queue[]
  /** Queues whose dead letters go to this one. */
  listSources(arn: string): Queue[]
  formatArn(name: string): string
}

export function createQueueStore(store: Store, options: { accountId: string; region: string }): QueueStore {
  const queues = store.collection<Queue>('queue')
  const arnPrefix = `arn:aws:sqs:${options.region}:${options.accountId}:`
  const list: QueueStore['list'] = (range) => queues.list(range).map(({ value }) => value)
  return {
    get: (name) => queues.get(name),
    findByArn: (arn) => (arn.startsWith(arnPrefix) ? queues.get(arn.slice(arnPrefix.length)) : undefined),
    put: (queue) => queues.put(queue.name, queue),
    delete: (name) => queues.delete(name),
    list,
    listSources: (arn) => list().filter((queue) => readRedrivePolicy(queue)?.deadLetterTargetArn === arn),
    formatArn: (name) => arnPrefix + name,
  }
}

export function queueDoesNotExist(): AwsError {
  return new AwsError('QueueDoesNotExist', 'The specified queue does not exist.')
}
