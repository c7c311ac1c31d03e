import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandOutput,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { accountId, type GatewayFixture, region, startGateway } from '#local/gateway/gateway-fixture.ts'
import { createSqs } from './create-sqs.ts'

export interface SqsFixture {
  readonly gateway: GatewayFixture
  readonly client: SQSClient
  createQueue(attributes?: Record<string, string>): Promise<{ name: string; QueueUrl: string; arn: string }>
  send(QueueUrl: string, MessageBody: string): Promise<SendMessageCommandOutput>
  receive(QueueUrl: string, options?: Partial<ReceiveMessageCommandInput>): Promise<Message[]>
  /** Messages that are visible, in flight and delayed. */
  count(QueueUrl: string): Promise<number[]>
  /** Moves the clock of the queues on. */
  later(seconds: number): void
  stop(): Promise<void>
}

/** Queues behind a gateway of their own, for tests; their clock goes on by `secondsPerLook` each time it is read. */
export async function startSqs({ secondsPerLook = 0 } = {}): Promise<SqsFixture> {
  let aheadSeconds = 0
  const clock = () => {
    aheadSeconds += secondsPerLook
    return new Date(Date.now() + aheadSeconds * 1000)
  }
  const parts: { close(): void }[] = []
  const gateway = await startGateway((at) => {
    const sqs = createSqs({ ...at, accountId, region, clock })
    parts.push(sqs)
    return { sqs: sqs.service }
  })
  const client = new SQSClient(gateway.clientConfig)
  let created = 0
  return {
    gateway,
    client,
    async createQueue(Attributes = {}) {
      const name = `queue-${++created}`
      const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }))
      return { name, QueueUrl, arn: `arn:aws:sqs:${region}:${accountId}:${name}` }
    },
    send: (QueueUrl, MessageBody) => client.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    async receive(QueueUrl, options) {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, ...options }))
      return Messages
    },
    async count(QueueUrl) {
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })
      const { Attributes = {} }: { Attributes?: Record<string, string> | undefined } = await client.send(command)
      return ['', 'NotVisible', 'Delayed'].map((state) => Number(Attributes[`ApproximateNumberOfMessages${state}`]))
    },
    later(seconds) {
      aheadSeconds += seconds
    },
    async stop() {
      for (const part of parts) part.close()
      await gateway.stop()
    },
  }
}
