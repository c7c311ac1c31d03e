import { EventBridgeClient, PutRuleCommand, PutTargetsCommand, type Target } from '@aws-sdk/client-eventbridge'
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { accountId, region, startGateway } from '#local/gateway/gateway-fixture.ts'
import type { Operations } from '#local/service.ts'
import { createSqs } from '#local/sqs/create-sqs.ts'
import { createEvents, type Events } from './create-events.ts'

export type EventsFixture = Awaited<ReturnType<typeof startEvents>>

/** EventBridge and SQS behind a gateway of their own; `lambda` stands for Lambda, which others test with it. */
export async function startEvents(lambda: Operations = {}) {
  let aheadMs = 0
  const clock = () => new Date(Date.now() + aheadMs)
  const lines: string[] = []
  const parts: { close(): unknown }[] = []
  let open: (() => Events) | undefined
  let events: Events | undefined
  const gateway = await startGateway(({ folder, endpoint }) => {
    const place = { folder, accountId, region, clock }
    const sqs = createSqs({ ...place, endpoint })
    parts.push(sqs)
    open = () =>
      createEvents({
        ...place,
        authorizer: { require: (...request) => gateway.iam.authorizer.require(...request) },
        lambda,
        sqs: sqs.operations,
        log: (line) => void lines.push(line),
        tickMs: 10,
      })
    const service = () => {
      events ??= open?.()
      if (!events) throw new Error('EventBridge is not open')
      return events.service
    }
    return {
      sqs: sqs.service,
      events: {
        handle: (request, call) => service().handle(request, call),
        encodeError: (error, requestId) => service().encodeError(error, requestId),
      },
    }
  })
  events = open?.()
  events?.start()
  const client = new EventBridgeClient(gateway.clientConfig)
  const sqs = new SQSClient(gateway.clientConfig)

  return {
    gateway,
    client,
    lines,
    ruleArn: (name: string) => `arn:aws:events:${region}:${accountId}:rule/${name}`,
    /** A queue that takes what a rule sends, or what nobody sends. */
    async createQueue(QueueName: string, ruleName?: string) {
      const arn = `arn:aws:sqs:${region}:${accountId}:${QueueName}`
      const statement = {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: arn,
        Condition: { ArnEquals: { 'aws:SourceArn': `arn:aws:events:${region}:${accountId}:rule/${ruleName}` } },
      }
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
      await sqs.send(new CreateQueueCommand({ QueueName, ...(ruleName && { Attributes: { Policy } }) }))
      return arn
    },
    async putRule(Name: string, rule: object, targets: Target[] = []) {
      await client.send(new PutRuleCommand({ Name, ...rule }))
      if (targets.length > 0) await client.send(new PutTargetsCommand({ Rule: Name, Targets: targets }))
    },
    /** The next message's body, waited for; undefined when none comes in a second. */
    async receive(queueArn: string): Promise<string | undefined> {
      const QueueUrl = `${gateway.endpoint}/${accountId}/${queueArn.split(':').at(-1)}`
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))
      const [message] = Messages
      if (!message) return undefined
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }))
      return message.Body
    },
    later(ms: number) {
      aheadMs += ms
    },
    /** Closes EventBridge, lets time pass, and opens it again. */
    async restart(passingMs = 0) {
      await events?.close()
      aheadMs += passingMs
      events = open?.()
      events?.start()
    },
    async stop() {
      await events?.close()
      for (const part of parts) part.close()
      await gateway.stop()
    },
  }
}
