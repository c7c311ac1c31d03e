import { MAX_TOPIC_BYTES, MAX_TOPIC_SLASHES } from './mqtt-limits.ts'

const BASIC_INGEST = /^\$aws\/rules\/([^/]+)\//

/** `$aws/rules/NAME/topic` goes to one rule and past the broker (Basic Ingest). */
export function parseBasicIngest(topic: string): { ruleName: string; topic: string } | undefined {
  const [prefix, ruleName] = BASIC_INGEST.exec(topic) ?? []
  return prefix === undefined || ruleName === undefined ? undefined : { ruleName, topic: topic.slice(prefix.length) }
}

/** Says which limit of AWS IoT a topic or a topic filter breaks. */
export function topicLimitBroken(topic: string): string | undefined {
  const counted = topic.replace(BASIC_INGEST, '')
  if (Buffer.byteLength(counted) > MAX_TOPIC_BYTES) return `the topic is longer than ${MAX_TOPIC_BYTES} bytes`
  if (counted.split('/').length - 1 > MAX_TOPIC_SLASHES) return `the topic has more than ${MAX_TOPIC_SLASHES} slashes`
  return undefined
}
