import type {
  CreatePolicyCommandInput,
  DeletePolicyCommandInput,
  GetPolicyCommandInput,
  ListEntitiesForPolicyCommandInput,
  ListPoliciesCommandInput,
} from '@aws-sdk/client-iam'
import type { Operations } from '#local/service.ts'
import { awsManagedPolicies } from '../aws-managed-policies.ts'
import type { Directory } from '../directory.ts'
import { requireEntity } from '../find-entity.ts'
import { deleteConflict, entityAlreadyExists } from '../iam-errors.ts'
import type { PolicyRecord } from '../records.ts'
import { uniqueId } from '../unique-id.ts'
import { authorizedPolicy, customerPolicy } from './authorized-policy.ts'
import { optionalText, requireText } from './check-text.ts'
import { checkSize, requireDocument } from './document.ts'
import { pageOf } from './page.ts'
import { attachmentsOf, boundedBy, describePolicy } from './policy-shape.ts'
import { parseTags, requestTagContext } from './tags.ts'

export const maxManagedPolicySize = 6144

export function policyOperations(directory: Directory, clock: () => Date): Operations {
  const { accountId } = directory
  return {
    CreatePolicy(input: CreatePolicyCommandInput, call) {
      const name = requireText(input, 'PolicyName')
      const path = optionalText(input, 'Path') ?? '/'
      const document = requireDocument(input)
      checkSize([document], maxManagedPolicySize, `Cannot exceed quota for PolicySize: ${maxManagedPolicySize}`)
      const description = optionalText(input, 'Description')
      const now = clock().toISOString()
      const policy: PolicyRecord = {
        arn: `arn:aws:iam::${accountId}:policy${path}${name}`,
        name,
        id: uniqueId('ANPA'),
        path,
        ...(description !== undefined && { description }),
        createDate: now,
        updateDate: now,
        tags: parseTags(input.Tags),
        defaultVersionId: 'v1',
        lastVersion: 1,
        versions: [{ id: 'v1', document, createDate: now }],
      }
      call.authorize('iam:CreatePolicy', policy.arn, { context: requestTagContext(policy.tags) })
      directory.change(() => {
        if (directory.policies.list().some(({ value }) => value.name.toLowerCase() === name.toLowerCase()))
          throw entityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`)
        directory.policies.put(policy.arn, policy)
      })
      return { Policy: describePolicy(directory, policy) }
    },

    GetPolicy(input: GetPolicyCommandInput, call) {
      return { Policy: describePolicy(directory, authorizedPolicy(directory, input, call, 'GetPolicy')) }
    },

    ListPolicies(input: ListPoliciesCommandInput, call) {
      const prefix = optionalText(input, 'PathPrefix') ?? '/'
      call.authorize('iam:ListPolicies', `arn:aws:iam::${accountId}:policy${prefix}`)
      const { Scope = 'All', OnlyAttached = false, PolicyUsageFilter } = input
      const aws = [...awsManagedPolicies].map(([id, value]) => ({ id, value }))
      const scoped = [...(Scope === 'AWS' ? [] : directory.policies.list()), ...(Scope === 'Local' ? [] : aws)]
      const isUsed = (arn: string) =>
        PolicyUsageFilter === 'PermissionsBoundary'
          ? boundedBy(directory, arn).length > 0
          : attachmentsOf(directory, arn).length > 0
      const filtersUse = OnlyAttached || PolicyUsageFilter !== undefined
      const rows = scoped.filter(({ value }) => value.path.startsWith(prefix) && (!filtersUse || isUsed(value.arn)))
      const { items, paging } = pageOf(rows, input)
      return { Policies: items.map((policy) => withoutTags(describePolicy(directory, policy))), ...paging }
    },

    DeletePolicy(input: DeletePolicyCommandInput, call) {
      const policy = customerPolicy(authorizedPolicy(directory, input, call, 'DeletePolicy'))
      directory.change(() => {
        if (attachmentsOf(directory, policy.arn).length > 0 || boundedBy(directory, policy.arn).length > 0)
          throw deleteConflict('Cannot delete a policy attached to entities.')
        if (policy.versions.length > 1)
          throw deleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
          )
        directory.policies.delete(policy.arn)
      })
    },

    ListEntitiesForPolicy(input: ListEntitiesForPolicyCommandInput, call) {
      const { arn } = authorizedPolicy(directory, input, call, 'ListEntitiesForPolicy')
      const prefix = optionalText(input, 'PathPrefix') ?? '/'
      const { EntityFilter: filter, PolicyUsageFilter: usage } = input
      const attached = usage === 'PermissionsBoundary' ? [] : attachmentsOf(directory, arn)
      const bounded = usage === 'PermissionsPolicy' ? [] : boundedBy(directory, arn)
      const rows = [...attached, ...bounded]
        .map(({ id, value }) => ({
          id,
          value: { kind: value.kind, entity: requireEntity(directory, value.kind, value.name) },
        }))
        .filter(
          ({ value: { kind, entity } }) => entity.path.startsWith(prefix) && (filter ?? kind).toLowerCase() === kind,
        )
      const { items, paging } = pageOf(rows, input)
      const of = (wanted: 'user' | 'role') => items.flatMap(({ kind, entity }) => (kind === wanted ? [entity] : []))
      return {
        PolicyGroups: [],
        PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
        PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
        ...paging,
      }
    },
  }
}

function withoutTags<T extends { Tags?: unknown }>({ Tags, ...policy }: T) {
  return policy
}
