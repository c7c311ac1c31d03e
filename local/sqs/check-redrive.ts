import { AwsError } from '#local/service.ts'
import { type Queue, readRedrivePolicy } from './queue.ts'

/** Throws InvalidParameterValue unless the queue's RedrivePolicy names a queue that exists and lets it. */
export function checkRedrive(queue: Queue, findByArn: (arn: string) => Queue | undefined): void {
  const policy = readRedrivePolicy(queue)
  if (!policy) return
  const refuse = (reason: string) =>
    new AwsError(
      'InvalidParameterValue',
      `Value ${queue.attributes.RedrivePolicy} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
    )
  const { deadLetterTargetArn, maxReceiveCount } = policy
  if (typeof deadLetterTargetArn !== 'string') {
    throw refuse('Redrive policy does not contain mandatory attribute: deadLetterTargetArn.')
  }
  if (!Number.isInteger(maxReceiveCount) || maxReceiveCount < 1 || maxReceiveCount > 1000) {
    throw refuse('Invalid value for maxReceiveCount: it must be between 1 and 1000.')
  }
  const target = findByArn(deadLetterTargetArn)
  if (!target) throw refuse('Dead letter target does not exist.')
  if (!allowsSource(target, queue.arn)) throw refuse('Dead letter target does not allow this queue as a source.')
}

function allowsSource(target: Queue, sourceArn: string): boolean {
  const { redrivePermission = 'allowAll', sourceQueueArns = [] } = JSON.parse(
    target.attributes.RedriveAllowPolicy || '{}',
  )
  return redrivePermission === 'allowAll' || (redrivePermission === 'byQueue' && sourceQueueArns.includes(sourceArn))
}
