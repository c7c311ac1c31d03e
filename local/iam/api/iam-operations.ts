import type { Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import type { EntityKind } from '../records.ts'
import type { SecretKeys } from '../secret-keys.ts'
import { accessKeyOperations } from './access-key-operations.ts'
import { attachmentOperations } from './attachment-operations.ts'
import { boundaryOperations } from './boundary-operations.ts'
import { inlinePolicyOperations } from './inline-policy-operations.ts'
import { policyOperations } from './policy-operations.ts'
import { policyVersionOperations } from './policy-version-operations.ts'
import { roleOperations } from './role-operations.ts'
import { tagOperations } from './tag-operations.ts'
import { userOperations } from './user-operations.ts'

/** Every operation of the IAM API that is there; the protocol answers 501 for the others. */
export function iamOperations(directory: Directory, keys: SecretKeys, clock: () => Date): Operations {
  const forKind = (kind: EntityKind): Operations => ({
    ...inlinePolicyOperations(directory, kind),
    ...attachmentOperations(directory, kind),
    ...boundaryOperations(directory, kind),
    ...tagOperations(directory, kind),
  })
  return {
    ...userOperations(directory, clock),
    ...accessKeyOperations(directory, keys, clock),
    ...roleOperations(directory, clock),
    ...policyOperations(directory, clock),
    ...policyVersionOperations(directory, clock),
    ...forKind('user'),
    ...forKind('role'),
  }
}
