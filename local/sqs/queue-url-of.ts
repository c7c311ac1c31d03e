/** A URL for a queue; SQS looks only at its path. */
export function queueUrlOf(queueArn: string): string {
  const [, , , , accountId, name] = queueArn.split(':')
  return `https://sqs/${accountId}/${name}`
}
