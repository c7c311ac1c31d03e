import { serviceCall } from '#local/gateway/call.ts'
import { type Authorizer, notImplemented, type Operations } from '#local/service.ts'
import { queueUrlOf } from '#local/sqs/queue-url-of.ts'
import type { Delivery } from './deliveries.ts'

export interface TargetServices {
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly authorizer: Authorizer
  readonly lambda: Operations
  readonly sqs: Operations
}

/** Hands an event to a queue, or to a function as an asynchronous invocation, in EventBridge's own name. */
export async function sendToTarget({ ruleArn, targetArn, payload }: Delivery, services: TargetServices): Promise<void> {
  const call = serviceCall({ ...services, principal: 'events.amazonaws.com', sourceArn: ruleArn })
  const [, , service] = targetArn.split(':')
  const { Invoke } = services.lambda
  const { SendMessage } = services.sqs
  if (service === 'lambda' && Invoke) {
    await Invoke({ FunctionName: targetArn, InvocationType: 'Event', Payload: Buffer.from(payload) }, call)
  } else if (service === 'sqs' && SendMessage) {
    await SendMessage({ QueueUrl: queueUrlOf(targetArn), MessageBody: payload }, call)
  } else throw notImplemented(`the target ${targetArn} of an EventBridge rule`)
}
