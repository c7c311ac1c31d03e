import { randomBytes } from 'node:crypto'
import type {
  CreatePolicyRequest,
  CreatePolicyResponse,
  DeletePolicyRequest,
  GetPolicyRequest,
  GetPolicyResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
} from '@aws-sdk/client-iot'
import type { Policy, PolicyVersion, Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, deleteConflict, notFound } from './errors.ts'
import { readAgePage } from './pages.ts'
import { checkPolicyDocument } from './policy-document.ts'
import { addTags } from './tag-set.ts'

export function findPolicy(registry: Registry, policyName: string): Policy {
  const policy = registry.policies.get(policyName)
  if (!policy) throw notFound(`Policy not found (name=${policyName})`)
  return policy
}

export function findPolicyVersion(policy: Policy, versionId: string): PolicyVersion {
  const version = policy.versions.find((candidate) => candidate.versionId === versionId)
  if (!version) throw notFound(`Policy version not found (name=${policy.policyName}, version=${versionId})`)
  return version
}

export function createPolicyOperations(registry: Registry, clock: () => Date) {
  const { policies, policyTargets, arn } = registry

  return {
    CreatePolicy(input: Checked<CreatePolicyRequest>): CreatePolicyResponse {
      const { policyName, policyDocument } = input
      const policyArn = arn.policy(policyName)
      checkPolicyDocument(policyDocument)
      const now = clock().getTime()
      registry.transaction(() => {
        const created = policies.create(policyName, {
          policyName,
          defaultVersionId: '1',
          lastVersion: 1,
          versions: [{ versionId: '1', document: policyDocument, createdAtMs: now }],
          createdAtMs: now,
          modifiedAtMs: now,
          generationId: randomBytes(32).toString('hex'),
        })
        if (!created) {
          throw alreadyExists(
            `Policy cannot be created - name already exists (name=${policyName})`,
            policyName,
            policyArn,
          )
        }
        addTags(registry, policyArn, input.tags)
      })
      return { policyName, policyArn, policyDocument, policyVersionId: '1' }
    },

    GetPolicy({ policyName }: Checked<GetPolicyRequest>): GetPolicyResponse {
      const policy = findPolicy(registry, policyName)
      return {
        policyName,
        policyArn: arn.policy(policyName),
        policyDocument: findPolicyVersion(policy, policy.defaultVersionId).document,
        defaultVersionId: policy.defaultVersionId,
        creationDate: new Date(policy.createdAtMs),
        lastModifiedDate: new Date(policy.modifiedAtMs),
        generationId: policy.generationId,
      }
    },

    ListPolicies(input: Checked<ListPoliciesRequest>): ListPoliciesResponse {
      const page = readAgePage<Policy>(registry, 'policy', input)
      return {
        policies: page.rows.map(({ policyName }) => ({ policyName, policyArn: arn.policy(policyName) })),
        nextMarker: page.next,
      }
    },

    DeletePolicy({ policyName }: Checked<DeletePolicyRequest>): void {
      const policy = findPolicy(registry, policyName)
      if (policyTargets.rightsOf(policyName, { limit: 1 }).length > 0) {
        throw deleteConflict(
          `The policy cannot be deleted as the policy is attached to one or more principals (name=${policyName})`,
        )
      }
      if (policy.versions.length > 1) {
        throw deleteConflict(
          `Cannot delete the policy because it has one or more policy versions attached to it (name=${policyName})`,
        )
      }
      registry.transaction(() => {
        policies.delete(policyName)
        registry.tags.delete(arn.policy(policyName))
      })
    },
  }
}
