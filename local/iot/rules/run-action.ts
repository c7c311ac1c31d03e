import { randomUUID } from 'node:crypto'
import type { Action, LambdaAction, RepublishAction, SqsAction } from '@aws-sdk/client-iot'
import { createCall, requestContext, serviceCall } from '#local/gateway/call.ts'
import type { AssumeRole } from '#local/iam/sessions.ts'
import { type Authorizer, AwsError, type Call, notImplemented, type Operations } from '#local/service.ts'
import type { Publish, Publisher } from '../publication.ts'
import type { RuleInput } from './evaluate-expression.ts'
import { fillTemplate, parseTemplate } from './template.ts'

const SERVICE_PRINCIPAL = 'iot.amazonaws.com'
/** AWS lets rules republish to each other for ever; a loop must not take this process with it. */
const MAX_REPUBLISH_COUNT = 10

export interface ActionOptions {
  readonly sqs: Operations
  readonly lambda: Operations
  readonly authorizer: Authorizer
  readonly assumeRole: AssumeRole
  readonly publish: Publish
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
}

/** What one run of a rule hands to its actions. */
export interface ActionInput {
  readonly ruleName: string
  readonly ruleArn: string
  /** The result of the rule's SQL. */
  readonly output: Buffer
  /** The message itself: substitution templates read it and not the result. */
  readonly message: RuleInput
  readonly publisher: Publisher
}

/** An action's name and target, as error actions are told of them. */
export function describeAction({ sqs, lambda, republish }: Action): { failedAction: string; failedResource: string } {
  if (sqs) return { failedAction: 'SqsAction', failedResource: sqs.queueUrl ?? '' }
  if (lambda) return { failedAction: 'LambdaAction', failedResource: lambda.functionArn ?? '' }
  return { failedAction: 'RepublishAction', failedResource: republish?.topic ?? '' }
}

/**
 * Runs one action of a rule. What it starts, it starts before it first yields: a message that goes to a queue is
 * there when the caller goes on.
 */
export async function runAction(action: Action, input: ActionInput, options: ActionOptions): Promise<void> {
  if (action.sqs) return sendToQueue(action.sqs, input, options)
  if (action.lambda) return invokeFunction(action.lambda, input, options)
  if (action.republish) return republish(action.republish, input, options)
  throw notImplemented(`the topic rule action ${Object.keys(action).join(', ')}`)
}

async function sendToQueue({ queueUrl, roleArn, useBase64 }: SqsAction, input: ActionInput, options: ActionOptions) {
  const MessageBody = input.output.toString(useBase64 ? 'base64' : 'utf8')
  await call(options.sqs, 'SendMessage', { QueueUrl: queueUrl, MessageBody }, roleCall(roleArn, input, options))
}

async function invokeFunction({ functionArn }: LambdaAction, input: ActionInput, options: ActionOptions) {
  const asService = serviceCall({ ...options, principal: SERVICE_PRINCIPAL, sourceArn: input.ruleArn })
  const request = { FunctionName: functionArn, InvocationType: 'Event', Payload: input.output }
  await call(options.lambda, 'Invoke', request, asService)
}

async function republish(
  { roleArn, topic, qos, headers }: RepublishAction,
  input: ActionInput,
  options: ActionOptions,
) {
  if (headers !== undefined) throw notImplemented('headers of the topic rule action republish')
  const republishCount = (input.publisher.republishCount ?? 0) + 1
  if (republishCount > MAX_REPUBLISH_COUNT) {
    throw new AwsError('InvalidRequestException', `Rules republished this message ${MAX_REPUBLISH_COUNT} times`)
  }
  // A reserved topic is written with two dollar signs, or it would begin a template (developer guide, "Republish").
  const target = fillTemplate(parseTemplate(topic ?? ''), input.message).replace(/^\$\$/, '$')
  const topicArn = `arn:aws:iot:${options.region}:${options.accountId}:topic/${target}`
  roleCall(roleArn, input, options).authorize('iot:Publish', topicArn)
  const publication = { topic: target, payload: input.output, qos: qos === 1 ? 1 : 0, retain: false } as const
  await options.publish(publication, { republishCount })
}

function call(operations: Operations, name: string, request: object, by: Call): unknown {
  const operation = operations[name]
  if (!operation) throw notImplemented(name)
  return operation(request, by)
}

function roleCall(roleArn: string | undefined, { ruleName, ruleArn }: ActionInput, options: ActionOptions): Call {
  const { assumeRole, authorizer, accountId, region, clock } = options
  const { caller } = assumeRole({
    roleArn: roleArn ?? '',
    sessionName: ruleName.slice(0, 64).padEnd(2, '_'),
    durationSeconds: 900,
    principal: SERVICE_PRINCIPAL,
    context: { 'aws:SourceArn': ruleArn, 'aws:SourceAccount': accountId },
  })
  return createCall({
    authorizer,
    caller,
    requestId: randomUUID(),
    sourceIp: SERVICE_PRINCIPAL,
    context: requestContext(caller, region, clock()),
  })
}
