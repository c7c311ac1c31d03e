import type {
  GetKeyPolicyCommandInput,
  ListKeyPoliciesCommandInput,
  PutKeyPolicyCommandInput,
} from '@aws-sdk/client-kms'
import { compilePolicy } from '#local/iam/policy/compile-policy.ts'
import { AwsError, type Call, type Operations } from '#local/service.ts'
import { notFound } from './kms-errors.ts'
import { checkNotPending, type KmsState, openKey } from './open-key.ts'

export function createPolicyOperations(state: KmsState) {
  return {
    GetKeyPolicy(input: GetKeyPolicyCommandInput, call) {
      const key = openKey(state, input.KeyId, 'GetKeyPolicy', call)
      checkName(input.PolicyName)
      return { Policy: key.policy, PolicyName: 'default' }
    },

    PutKeyPolicy(input: PutKeyPolicyCommandInput, call) {
      const key = openKey(state, input.KeyId, 'PutKeyPolicy', call)
      checkNotPending(key)
      checkName(input.PolicyName)
      const policy = parseKeyPolicy(input.Policy)
      if (!input.BypassPolicyLockoutSafetyCheck) checkLockout(policy, key.arn, call)
      state.keys.put({ ...key, policy })
    },

    ListKeyPolicies(input: ListKeyPoliciesCommandInput, call) {
      openKey(state, input.KeyId, 'ListKeyPolicies', call)
      return { PolicyNames: ['default'], Truncated: false }
    },
  } satisfies Operations
}

/** Throws MalformedPolicyDocumentException. */
export function parseKeyPolicy(text: unknown): string {
  try {
    compilePolicy(String(text), 'resource')
  } catch (cause) {
    const message = cause instanceof AwsError ? cause.message : 'The key policy cannot be read.'
    throw new AwsError('MalformedPolicyDocumentException', message, 400, { cause })
  }
  return String(text)
}

/** A key policy must leave its author able to change it again. */
export function checkLockout(policy: string, arn: string, call: Call): void {
  try {
    call.authorize('kms:PutKeyPolicy', arn, { resourcePolicy: JSON.parse(policy) })
  } catch (cause) {
    const message = 'The new key policy will not allow you to update the key policy in the future.'
    throw new AwsError('MalformedPolicyDocumentException', message, 400, { cause })
  }
}

function checkName(name: string | undefined): void {
  if (name !== undefined && name !== 'default') throw notFound(`No such policy exists: ${name}`)
}
