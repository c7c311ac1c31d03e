import type { QueueConfiguration } from '@aws-sdk/client-s3'

/** The events that happen here. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html */
const eventNames = [
  'ObjectCreated:Put',
  'ObjectCreated:Post',
  'ObjectCreated:Copy',
  'ObjectCreated:CompleteMultipartUpload',
  'ObjectRemoved:Delete',
  'ObjectRemoved:DeleteMarkerCreated',
] as const
export type EventName = (typeof eventNames)[number]

/** Events that `s3:ObjectCreated:*` and the like stand for; none for a name that is not one of S3's, or of an event that never happens here. */
export function expandEvent(pattern: string): readonly EventName[] {
  const name = pattern.replace(/^s3:/, '')
  return eventNames.filter((event) => event === name || (name.endsWith(':*') && event.startsWith(name.slice(0, -1))))
}

export function matchesConfiguration(configuration: QueueConfiguration, event: EventName, key: string): boolean {
  const { prefix, suffix } = keyFilter(configuration)
  const listens = configuration.Events?.some((pattern) => expandEvent(pattern).includes(event)) ?? false
  return listens && key.startsWith(prefix) && key.endsWith(suffix)
}

/** Whether one event could match both, which S3 does not allow within a bucket. */
export function overlap(one: QueueConfiguration, other: QueueConfiguration): boolean {
  const events = new Set(one.Events?.flatMap(expandEvent))
  if (!other.Events?.flatMap(expandEvent).some((event) => events.has(event))) return false
  const [a, b] = [keyFilter(one), keyFilter(other)]
  return (
    (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix))
  )
}

function keyFilter(configuration: QueueConfiguration): { prefix: string; suffix: string } {
  const rules = configuration.Filter?.Key?.FilterRules ?? []
  const value = (name: string) => rules.find((rule) => rule.Name?.toLowerCase() === name)?.Value ?? ''
  return { prefix: value('prefix'), suffix: value('suffix') }
}
