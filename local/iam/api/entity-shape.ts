import type { ConditionContext } from '#local/service.ts'
import { type EntityRecord, entityArn, type RoleRecord, type UserRecord } from '../records.ts'
import { encodeDocument } from './document.ts'
import { describeTags, resourceTagContext } from './tags.ts'

export function describeUser(accountId: string, user: UserRecord) {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: entityArn(accountId, 'user', user),
    CreateDate: new Date(user.createDate),
    ...describeExtras(user),
  }
}

export function describeRole(accountId: string, role: RoleRecord) {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: entityArn(accountId, 'role', role),
    CreateDate: new Date(role.createDate),
    AssumeRolePolicyDocument: encodeDocument(role.trustPolicy),
    ...(role.description !== undefined && { Description: role.description }),
    MaxSessionDuration: role.maxSessionSeconds,
    ...describeExtras(role),
  }
}

/** ListUsers and ListRoles leave out tags and boundary. */
export function listed<T extends { Tags?: unknown; PermissionsBoundary?: unknown }>({
  Tags,
  PermissionsBoundary,
  ...entity
}: T) {
  return entity
}

/** What conditions may ask about the user or role that a call is about. */
export function entityContext(entity: EntityRecord): ConditionContext {
  return {
    ...resourceTagContext(entity.tags),
    ...(entity.boundaryArn !== undefined && { 'iam:PermissionsBoundary': entity.boundaryArn }),
  }
}

/** On the wire the type is `Policy`, whatever the API model's enum says. */
function describeExtras({ tags, boundaryArn }: EntityRecord) {
  return {
    ...(boundaryArn !== undefined && {
      PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: boundaryArn },
    }),
    ...(Object.keys(tags).length > 0 && { Tags: describeTags(tags) }),
  }
}
