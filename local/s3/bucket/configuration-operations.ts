import type { Call, Operation, Operations } from '#local/service.ts'
import { authorizeBucket } from '../authorize.ts'
import { nameConfigurations, sendTestEvents } from '../notification/send-test-events.ts'
import { s3Error } from '../s3-error.ts'
import type { S3State } from '../s3-state.ts'
import { type ConfigurationKind, configurationKinds } from './configuration-kinds.ts'
import { newBucketConfigurations } from './new-bucket-configurations.ts'

type Input = Readonly<Record<string, unknown>> & { readonly Bucket: string }

export function configurationOperations(s3: S3State): Operations {
  const operations: Record<string, Operation> = {}
  for (const kind of configurationKinds) {
    const { name, actions } = kind
    operations[kind.operations.get] = ({ Bucket }: Input, call: Call) => {
      const bucket = s3.buckets.require(Bucket)
      authorizeBucket(call, bucket, actions.get)
      const value = bucket.configurations[name]
      if (!value && kind.absent) throw s3Error(kind.absent, { BucketName: Bucket })
      return kind.isWrapped ? { [kind.payload]: value } : { ...value }
    }
    operations[kind.operations.put] = (input: Input, call: Call) => putConfiguration(s3, kind, input, call)
    if (!kind.operations.delete) continue
    operations[kind.operations.delete] = ({ Bucket }: Input, call: Call) => {
      authorizeBucket(call, s3.buckets.require(Bucket), actions.put)
      // Encryption can be reset and not taken away.
      s3.buckets.configure(Bucket, { [name]: name === 'encryption' ? newBucketConfigurations.encryption : undefined })
      return {}
    }
  }
  return operations
}

async function putConfiguration(s3: S3State, kind: ConfigurationKind, input: Input, call: Call): Promise<object> {
  const { Bucket } = input
  authorizeBucket(call, s3.buckets.require(Bucket), kind.actions.put)
  const value = (input[kind.payload] ?? {}) as never
  kind.check?.(value)
  if (kind.name !== 'notification') {
    s3.buckets.configure(Bucket, { [kind.name]: value })
    return {}
  }
  const notification = nameConfigurations(value)
  if (input.SkipDestinationValidation !== true) await sendTestEvents(s3, call, Bucket, notification)
  s3.buckets.configure(Bucket, { notification })
  return {}
}
