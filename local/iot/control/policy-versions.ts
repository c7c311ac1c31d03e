import type {
  CreatePolicyVersionRequest,
  CreatePolicyVersionResponse,
  DeletePolicyVersionRequest,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPolicyVersionsRequest,
  ListPolicyVersionsResponse,
  SetDefaultPolicyVersionRequest,
} from '@aws-sdk/client-iot'
import { AwsError } from '#local/service.ts'
import type { Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { invalidRequest } from './errors.ts'
import { findPolicy, findPolicyVersion } from './policies.ts'
import { checkPolicyDocument } from './policy-document.ts'

/** Versions of one policy: AWS IoT Core quotas. */
const maxVersions = 5

export function createPolicyVersionOperations(registry: Registry, clock: () => Date) {
  const { policies, arn } = registry

  return {
    CreatePolicyVersion(input: Checked<CreatePolicyVersionRequest>): CreatePolicyVersionResponse {
      const { policyName, policyDocument, setAsDefault = false } = input
      const policy = findPolicy(registry, policyName)
      checkPolicyDocument(policyDocument)
      if (policy.versions.length >= maxVersions) {
        throw new AwsError(
          'VersionsLimitExceededException',
          `The policy ${policyName} already has the maximum number of versions (${maxVersions})`,
          409,
        )
      }
      const now = clock().getTime()
      const lastVersion = policy.lastVersion + 1
      const versionId = String(lastVersion)
      policies.put(policyName, {
        ...policy,
        lastVersion,
        versions: [...policy.versions, { versionId, document: policyDocument, createdAtMs: now }],
        defaultVersionId: setAsDefault ? versionId : policy.defaultVersionId,
        modifiedAtMs: now,
      })
      return {
        policyArn: arn.policy(policyName),
        policyDocument,
        policyVersionId: versionId,
        isDefaultVersion: setAsDefault,
      }
    },

    GetPolicyVersion({ policyName, policyVersionId }: Checked<GetPolicyVersionRequest>): GetPolicyVersionResponse {
      const policy = findPolicy(registry, policyName)
      const version = findPolicyVersion(policy, policyVersionId)
      return {
        policyArn: arn.policy(policyName),
        policyName,
        policyDocument: version.document,
        policyVersionId,
        isDefaultVersion: policyVersionId === policy.defaultVersionId,
        creationDate: new Date(version.createdAtMs),
        lastModifiedDate: new Date(version.createdAtMs),
        generationId: policy.generationId,
      }
    },

    ListPolicyVersions({ policyName }: Checked<ListPolicyVersionsRequest>): ListPolicyVersionsResponse {
      const policy = findPolicy(registry, policyName)
      return {
        policyVersions: policy.versions.map(({ versionId, createdAtMs }) => ({
          versionId,
          isDefaultVersion: versionId === policy.defaultVersionId,
          createDate: new Date(createdAtMs),
        })),
      }
    },

    SetDefaultPolicyVersion({ policyName, policyVersionId }: Checked<SetDefaultPolicyVersionRequest>): void {
      const policy = findPolicy(registry, policyName)
      const { versionId } = findPolicyVersion(policy, policyVersionId)
      policies.put(policyName, { ...policy, defaultVersionId: versionId, modifiedAtMs: clock().getTime() })
    },

    DeletePolicyVersion({ policyName, policyVersionId }: Checked<DeletePolicyVersionRequest>): void {
      const policy = findPolicy(registry, policyName)
      const deleted = findPolicyVersion(policy, policyVersionId)
      if (deleted.versionId === policy.defaultVersionId) {
        throw invalidRequest('Cannot delete the default version of a policy')
      }
      policies.put(policyName, { ...policy, versions: policy.versions.filter((version) => version !== deleted) })
    },
  }
}
