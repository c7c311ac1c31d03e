import type {
  CreatePolicyVersionCommandInput,
  DeletePolicyVersionCommandInput,
  GetPolicyVersionCommandInput,
  ListPolicyVersionsCommandInput,
  SetDefaultPolicyVersionCommandInput,
} from '@aws-sdk/client-iam'
import type { Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { deleteConflict, limitExceeded, noSuchEntity } from '../iam-errors.ts'
import type { PolicyRecord, PolicyVersionRecord } from '../records.ts'
import { authorizedPolicy, customerPolicy } from './authorized-policy.ts'
import { requireText } from './check-text.ts'
import { checkSize, requireDocument } from './document.ts'
import { pageOf } from './page.ts'
import { maxManagedPolicySize } from './policy-operations.ts'
import { describeVersion, describeVersionWithDocument } from './policy-shape.ts'

const maxVersions = 5

export function policyVersionOperations(directory: Directory, clock: () => Date): Operations {
  function update(policy: PolicyRecord): void {
    const updateDate = clock().toISOString()
    directory.change(() => directory.policies.put(policy.arn, { ...policy, updateDate }))
  }

  return {
    CreatePolicyVersion(input: CreatePolicyVersionCommandInput, call) {
      const policy = customerPolicy(authorizedPolicy(directory, input, call, 'CreatePolicyVersion'))
      const document = requireDocument(input)
      checkSize([document], maxManagedPolicySize, `Cannot exceed quota for PolicySize: ${maxManagedPolicySize}`)
      if (policy.versions.length >= maxVersions)
        throw limitExceeded(
          'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
        )
      const lastVersion = policy.lastVersion + 1
      const version: PolicyVersionRecord = { id: `v${lastVersion}`, document, createDate: clock().toISOString() }
      const defaultVersionId = input.SetAsDefault ? version.id : policy.defaultVersionId
      const changed = { ...policy, lastVersion, defaultVersionId, versions: [...policy.versions, version] }
      update(changed)
      return { PolicyVersion: describeVersion(changed, version) }
    },

    GetPolicyVersion(input: GetPolicyVersionCommandInput, call) {
      const policy = authorizedPolicy(directory, input, call, 'GetPolicyVersion')
      return { PolicyVersion: describeVersionWithDocument(policy, requireVersion(policy, input)) }
    },

    /** Newest first. */
    ListPolicyVersions(input: ListPolicyVersionsCommandInput, call) {
      const policy = authorizedPolicy(directory, input, call, 'ListPolicyVersions')
      const rows = policy.versions.toReversed().map((version) => ({ id: version.id, value: version }))
      const { items, paging } = pageOf(rows, input)
      return { Versions: items.map((version) => describeVersion(policy, version)), ...paging }
    },

    SetDefaultPolicyVersion(input: SetDefaultPolicyVersionCommandInput, call) {
      const policy = customerPolicy(authorizedPolicy(directory, input, call, 'SetDefaultPolicyVersion'))
      update({ ...policy, defaultVersionId: requireVersion(policy, input).id })
    },

    DeletePolicyVersion(input: DeletePolicyVersionCommandInput, call) {
      const policy = customerPolicy(authorizedPolicy(directory, input, call, 'DeletePolicyVersion'))
      const { id } = requireVersion(policy, input)
      if (id === policy.defaultVersionId) throw deleteConflict('Cannot delete the default version of a policy.')
      update({ ...policy, versions: policy.versions.filter((version) => version.id !== id) })
    },
  }
}

function requireVersion(policy: PolicyRecord, input: { readonly VersionId?: unknown }): PolicyVersionRecord {
  const versionId = requireText(input, 'VersionId')
  const version = policy.versions.find(({ id }) => id === versionId)
  if (version === undefined)
    throw noSuchEntity(`Policy ${policy.arn} version ${versionId} does not exist or is not attachable.`)
  return version
}
