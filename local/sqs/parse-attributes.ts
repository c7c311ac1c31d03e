import { compilePolicy } from '#local/iam/policy/compile-policy.ts'
import { AwsError, notImplemented } from '#local/service.ts'

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  DelaySeconds: [0, 900],
  MaximumMessageSize: [1024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  VisibilityTimeout: [0, 43_200],
}

const documents: ReadonlySet<string> = new Set(['Policy', 'RedrivePolicy', 'RedriveAllowPolicy'])
const fifoOnly: ReadonlySet<string> = new Set([
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
])

/** The settable attributes of a queue, checked; an empty document removes it. Throws InvalidAttributeName or InvalidAttributeValue. */
export function parseAttributes(attributes: Readonly<Record<string, unknown>>): Record<string, string> {
  const parsed: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== 'string') throw invalidValue(name)
    parsed[name] = parseAttribute(name, value)
  }
  return parsed
}

function parseAttribute(name: string, value: string): string {
  const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined
  if (range) {
    const [lowest, highest] = range
    if (!/^\d{1,9}$/.test(value) || Number(value) < lowest || Number(value) > highest) throw invalidValue(name)
    return String(Number(value))
  }
  if (documents.has(name)) {
    if (value !== '' && !isDocument(name, value)) throw invalidValue(name)
    return value
  }
  if (name === 'SqsManagedSseEnabled') {
    if (value !== 'true' && value !== 'false') throw invalidValue(name)
    return value
  }
  if (name === 'FifoQueue' && value === 'true') throw notImplemented('FIFO queues')
  if (fifoOnly.has(name) || name === 'FifoQueue')
    throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`)
  if (name.startsWith('Kms')) throw notImplemented(`the queue attribute ${name}`)
  throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`)
}

function isDocument(name: string, text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    if (name === 'Policy') compilePolicy(text, 'resource')
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function invalidValue(name: string): AwsError {
  return new AwsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`)
}
