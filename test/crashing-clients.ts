import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { IAMClient } from '@aws-sdk/client-iam'
import { IoTClient } from '@aws-sdk/client-iot'
import { KMSClient } from '@aws-sdk/client-kms'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { TestCloud } from './test-cloud.ts'

/** What a call throws from the moment on at which its process is dead. */
export class Killed extends Error {}

/** The clients of all functions, and what became of their process. */
export interface Clients {
  readonly iot: IoTClient
  readonly tables: DynamoDBDocumentClient
  readonly events: EventBridgeClient
  readonly iam: IAMClient
  readonly sqs: SQSClient
  readonly kms: KMSClient
  readonly s3: S3Client
  /** The operations that were answered, in that order; the last one's answer came too late if the process is dead. */
  readonly answered: readonly string[]
  readonly isDead: () => boolean
}

/** As much as this needs of an SDK client's middleware. */
interface Middleware {
  add(
    middleware: (
      next: (args: never) => Promise<unknown>,
      context: { readonly commandName?: string },
    ) => (args: never) => Promise<unknown>,
    options: { readonly step: 'initialize'; readonly priority: 'high' },
  ): void
}

/**
 * Clients with the operator's credentials. Once their `lastCall`-th call took effect the process that has them is as good
 * as killed: that call's answer is lost, and no later one is made. Without it they live.
 */
export function createCrashingClients({ client }: TestCloud, lastCall = Number.POSITIVE_INFINITY): Clients {
  const answered: string[] = []
  const isDead = () => answered.length >= lastCall

  function mortal<Client extends { readonly middlewareStack: unknown }>(sdkClient: Client): Client {
    // The first step of all: what the SDK itself tries again is one call.
    ;(sdkClient.middlewareStack as Middleware).add(
      (next, { commandName = '' }) =>
        async (args) => {
          if (isDead()) throw new Killed(commandName)
          const result = await Promise.allSettled([next(args)])
          if (isDead()) throw new Killed(commandName)
          answered.push(commandName.replace(/Command$/, ''))
          if (isDead()) throw new Killed(commandName)
          if (result[0].status === 'rejected') throw result[0].reason
          return result[0].value
        },
      { step: 'initialize', priority: 'high' },
    )
    return sdkClient
  }

  const iot = mortal(new IoTClient(client()))
  // One handler for all: they have one endpoint, and its connections.
  const configuration = { ...client(), requestHandler: iot.config.requestHandler }
  return {
    iot,
    tables: DynamoDBDocumentClient.from(mortal(new DynamoDBClient(configuration)), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    events: mortal(new EventBridgeClient(configuration)),
    iam: mortal(new IAMClient(configuration)),
    sqs: mortal(new SQSClient(configuration)),
    kms: mortal(new KMSClient(configuration)),
    s3: mortal(new S3Client(configuration)),
    answered,
    isDead,
  }
}
