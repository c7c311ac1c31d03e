import type {
  CreateRoleAliasRequest,
  CreateRoleAliasResponse,
  DeleteRoleAliasRequest,
  DeleteRoleAliasResponse,
  DescribeRoleAliasRequest,
  DescribeRoleAliasResponse,
  ListRoleAliasesRequest,
  ListRoleAliasesResponse,
  UpdateRoleAliasRequest,
  UpdateRoleAliasResponse,
} from '@aws-sdk/client-iot'
import type { Call } from '#local/service.ts'
import type { Registry, RoleAlias } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, notFound } from './errors.ts'
import { pageNames } from './pages.ts'
import { addTags } from './tag-set.ts'

const defaultDurationSeconds = 3600

/** To whom the role of an alias is passed: the caller needs iam:PassRole for it. */
const passedTo = { context: { 'iam:PassedToService': 'credentials.iot.amazonaws.com' } }

export function createRoleAliasOperations(registry: Registry, accountId: string, clock: () => Date) {
  const { roleAliases, arn } = registry

  function find(name: string): RoleAlias {
    const alias = roleAliases.get(name)
    if (!alias) throw notFound(`RoleAlias not found (name= ${name})`)
    return alias
  }

  return {
    CreateRoleAlias(input: Checked<CreateRoleAliasRequest>, call: Call): CreateRoleAliasResponse {
      const { roleAlias, roleArn, credentialDurationSeconds = defaultDurationSeconds } = input
      const roleAliasArn = arn.roleAlias(roleAlias)
      call.authorize('iam:PassRole', roleArn, passedTo)
      const now = clock().getTime()
      const created = { roleAlias, roleArn, credentialDurationSeconds, createdAtMs: now, modifiedAtMs: now }
      registry.transaction(() => {
        if (!roleAliases.create(roleAlias, created)) {
          throw alreadyExists(
            `RoleAlias cannot be created - already exists (name=${roleAlias})`,
            roleAlias,
            roleAliasArn,
          )
        }
        addTags(registry, roleAliasArn, input.tags)
      })
      return { roleAlias, roleAliasArn }
    },

    DescribeRoleAlias({ roleAlias }: Checked<DescribeRoleAliasRequest>): DescribeRoleAliasResponse {
      const alias = find(roleAlias)
      return {
        roleAliasDescription: {
          roleAlias,
          roleAliasArn: arn.roleAlias(roleAlias),
          roleArn: alias.roleArn,
          owner: accountId,
          credentialDurationSeconds: alias.credentialDurationSeconds,
          creationDate: new Date(alias.createdAtMs),
          lastModifiedDate: new Date(alias.modifiedAtMs),
        },
      }
    },

    UpdateRoleAlias(input: Checked<UpdateRoleAliasRequest>, call: Call): UpdateRoleAliasResponse {
      const alias = find(input.roleAlias)
      const { roleArn = alias.roleArn, credentialDurationSeconds = alias.credentialDurationSeconds } = input
      call.authorize('iam:PassRole', roleArn, passedTo)
      const modifiedAtMs = clock().getTime()
      roleAliases.put(alias.roleAlias, { ...alias, roleArn, credentialDurationSeconds, modifiedAtMs })
      return { roleAlias: alias.roleAlias, roleAliasArn: arn.roleAlias(alias.roleAlias) }
    },

    DeleteRoleAlias(input: Checked<DeleteRoleAliasRequest>): DeleteRoleAliasResponse {
      const { roleAlias } = find(input.roleAlias)
      registry.transaction(() => {
        roleAliases.delete(roleAlias)
        registry.tags.delete(arn.roleAlias(roleAlias))
      })
      return {}
    },

    /** In alphabetical order, descending unless told, as ascendingOrder is documented. */
    ListRoleAliases(input: Checked<ListRoleAliasesRequest>): ListRoleAliasesResponse {
      const names = roleAliases.list().map(({ id }) => id)
      const page = pageNames(input.ascendingOrder ? names : names.reverse(), input.marker, input.pageSize)
      return { roleAliases: [...page.rows], nextMarker: page.next }
    },
  }
}
