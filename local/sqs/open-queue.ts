import { AwsError, type Call } from '#local/service.ts'
import { type Queue, readPolicy } from './queue.ts'
import { queueDoesNotExist } from './queue-store.ts'
import type { SqsState } from './sqs-state.ts'

/**
 * The queue that a request is about, once its caller may do that with it. Of a QueueUrl only the path counts: the same
 * queue is reached as 127.0.0.1, as localhost, and under a port that was another one before a restart.
 */
export function openQueue(state: SqsState, queueUrl: unknown, action: string, call: Call): Queue {
  if (typeof queueUrl !== 'string' || queueUrl === '') throw missingParameter('QueueUrl')
  const [, accountId, name] = /^(?:https?:\/\/[^/]+)?\/(\d{12})\/([\w-]{1,80}(?:\.fifo)?)$/.exec(queueUrl) ?? []
  if (!accountId || !name) {
    throw new AwsError('InvalidAddress', `The address ${queueUrl} is not valid for this endpoint.`, 404)
  }
  const queue = accountId === state.accountId ? state.queues.get(name) : undefined
  authorizeQueue(queue, state.queues.formatArn(name), action, call)
  if (!queue) throw queueDoesNotExist()
  return queue
}

export function openQueueByArn(state: SqsState, arn: unknown, actions: readonly string[], call: Call): Queue {
  if (typeof arn !== 'string' || arn === '') throw missingParameter('SourceArn')
  const queue = state.queues.findByArn(arn)
  for (const action of actions) authorizeQueue(queue, arn, action, call)
  if (!queue) {
    throw new AwsError('ResourceNotFoundException', `The resource that you specified, ${arn}, does not exist.`, 404)
  }
  return queue
}

function authorizeQueue(queue: Queue | undefined, arn: string, action: string, call: Call): void {
  call.authorize(`sqs:${action}`, arn, { resourcePolicy: queue && readPolicy(queue) })
}

export function missingParameter(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}.`)
}

/** An optional whole number of a request, checked against its range. */
export function readRange(input: unknown, name: string, lowest: number, highest: number): number | undefined {
  if (input === undefined || input === null) return undefined
  if (typeof input === 'number' && Number.isInteger(input) && input >= lowest && input <= highest) return input
  throw new AwsError(
    'InvalidParameterValue',
    `Value ${input} for parameter ${name} is invalid. Reason: Must be between ${lowest} and ${highest}, if provided.`,
  )
}
