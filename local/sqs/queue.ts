import type { PolicyDocument } from '#local/service.ts'

/** A queue as it is stored: the attributes that can be set, as AWS's text. */
export interface Queue {
  readonly name: string
  readonly arn: string
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly modifiedAt: number
  readonly purgedAt?: number
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string
  readonly maxReceiveCount: number
}

export function readNumber(queue: Queue, attribute: keyof typeof numericDefaults): number {
  return Number(queue.attributes[attribute] ?? numericDefaults[attribute])
}

export function readPolicy({ attributes }: Queue): PolicyDocument | undefined {
  return attributes.Policy ? (JSON.parse(attributes.Policy) as PolicyDocument) : undefined
}

export function readRedrivePolicy({ attributes }: Queue): RedrivePolicy | undefined {
  if (!attributes.RedrivePolicy) return undefined
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(attributes.RedrivePolicy)
  return { deadLetterTargetArn, maxReceiveCount: Number(maxReceiveCount) }
}

/** What a queue has when nothing is said (SetQueueAttributes, API reference). */
export const numericDefaults = {
  DelaySeconds: 0,
  MaximumMessageSize: 1_048_576,
  MessageRetentionPeriod: 345_600,
  ReceiveMessageWaitTimeSeconds: 0,
  VisibilityTimeout: 30,
} as const
