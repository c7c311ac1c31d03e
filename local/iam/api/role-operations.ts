import type {
  CreateRoleCommandInput,
  DeleteRoleCommandInput,
  GetRoleCommandInput,
  ListRolesCommandInput,
  UpdateAssumeRolePolicyCommandInput,
  UpdateRoleCommandInput,
} from '@aws-sdk/client-iam'
import type { Call, Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { requireRole } from '../find-entity.ts'
import { deleteConflict, entityAlreadyExists } from '../iam-errors.ts'
import { entityArn, entityId, ownedId, type RoleRecord } from '../records.ts'
import { uniqueId } from '../unique-id.ts'
import { optionalInteger, optionalText, requireText } from './check-text.ts'
import { authorizedEntity, boundaryInput, type EntityInput } from './entity-input.ts'
import { describeRole, entityContext, listed } from './entity-shape.ts'
import { pageOf } from './page.ts'
import { parseTags, requestTagContext } from './tags.ts'
import { requireTrustPolicy } from './trust-policy.ts'

export function roleOperations(directory: Directory, clock: () => Date): Operations {
  const { accountId } = directory

  function authorizedRole(input: EntityInput, call: Call, action: string): RoleRecord {
    return requireRole(directory, authorizedEntity(directory, 'role', input, call, action).name)
  }

  function update(role: RoleRecord): void {
    directory.change(() => directory.role.put(entityId(role.name), role))
  }

  return {
    CreateRole(input: CreateRoleCommandInput, call) {
      const name = requireText(input, 'RoleName')
      const boundaryArn = boundaryInput(directory, input)
      const description = optionalText(input, 'Description')
      const role: RoleRecord = {
        name,
        id: uniqueId('AROA'),
        path: optionalText(input, 'Path') ?? '/',
        createDate: clock().toISOString(),
        trustPolicy: requireTrustPolicy(directory, input.AssumeRolePolicyDocument),
        ...(description !== undefined && { description }),
        maxSessionSeconds: maxSessionInput(input) ?? 3600,
        tags: parseTags(input.Tags),
        ...(boundaryArn !== undefined && { boundaryArn }),
      }
      call.authorize('iam:CreateRole', entityArn(accountId, 'role', role), {
        context: { ...entityContext(role), ...requestTagContext(role.tags) },
      })
      if (!directory.change(() => directory.role.create(entityId(name), role)))
        throw entityAlreadyExists(`Role with name ${name} already exists.`)
      return { Role: describeRole(accountId, role) }
    },

    GetRole(input: GetRoleCommandInput, call) {
      // When a role was used last is not kept: it reads like one that never was.
      return { Role: { ...describeRole(accountId, authorizedRole(input, call, 'GetRole')), RoleLastUsed: {} } }
    },

    ListRoles(input: ListRolesCommandInput, call) {
      const prefix = optionalText(input, 'PathPrefix') ?? '/'
      call.authorize('iam:ListRoles', `arn:aws:iam::${accountId}:role${prefix}`)
      const rows = directory.role.list().filter(({ value }) => value.path.startsWith(prefix))
      const { items, paging } = pageOf(rows, input)
      return { Roles: items.map((role) => listed(describeRole(accountId, role))), ...paging }
    },

    UpdateRole(input: UpdateRoleCommandInput, call) {
      const role = authorizedRole(input, call, 'UpdateRole')
      const description = optionalText(input, 'Description') ?? role.description
      update({
        ...role,
        ...(description !== undefined && { description }),
        maxSessionSeconds: maxSessionInput(input) ?? role.maxSessionSeconds,
      })
      return {}
    },

    UpdateAssumeRolePolicy(input: UpdateAssumeRolePolicyCommandInput, call) {
      const role = authorizedRole(input, call, 'UpdateAssumeRolePolicy')
      update({ ...role, trustPolicy: requireTrustPolicy(directory, input.PolicyDocument) })
    },

    DeleteRole(input: DeleteRoleCommandInput, call) {
      const { name } = authorizedRole(input, call, 'DeleteRole')
      directory.change(() => {
        if (directory.inlinePolicies.list({ prefix: ownedId('role', name, ''), limit: 1 }).length > 0)
          throw deleteConflict('Cannot delete entity, must delete policies first.')
        if (directory.attachments.list({ prefix: ownedId('role', name, ''), limit: 1 }).length > 0)
          throw deleteConflict('Cannot delete entity, must detach all policies first.')
        directory.role.delete(entityId(name))
      })
    },
  }
}

function maxSessionInput({ MaxSessionDuration }: { MaxSessionDuration?: number | undefined }): number | undefined {
  return optionalInteger(MaxSessionDuration, 'MaxSessionDuration', 3600, 43_200)
}
