import type { Call, ConditionContext } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { findPolicy, requireEntity } from '../find-entity.ts'
import { noSuchEntity } from '../iam-errors.ts'
import { type EntityKind, entityArn, entityId, type RoleRecord, type UserRecord } from '../records.ts'
import { optionalText, requireText } from './check-text.ts'
import { entityContext } from './entity-shape.ts'

export type EntityInput = Readonly<{ UserName?: unknown; RoleName?: unknown }>

/** The user or role that an input names, once the caller may take the action on it. */
export function authorizedEntity(
  directory: Directory,
  kind: EntityKind,
  input: EntityInput,
  call: Call,
  action: string,
  context: ConditionContext = {},
): UserRecord | RoleRecord {
  const name = requireText(input, kind === 'user' ? 'UserName' : 'RoleName')
  const entity = requireOrDeny(directory, kind, name, call, action)
  call.authorize(`iam:${action}`, entityArn(directory.accountId, kind, entity), {
    context: { ...entityContext(entity), ...context },
  })
  return entity
}

/** Whoever may not ask about a name does not learn whether it is taken. */
function requireOrDeny(directory: Directory, kind: EntityKind, name: string, call: Call, action: string) {
  try {
    return requireEntity(directory, kind, name)
  } catch (error) {
    call.authorize(`iam:${action}`, entityArn(directory.accountId, kind, { path: '/', name }))
    throw error
  }
}

export function putEntity(directory: Directory, kind: EntityKind, entity: UserRecord | RoleRecord): void {
  const collection: { put(id: string, value: UserRecord | RoleRecord): void } = directory[kind]
  collection.put(entityId(entity.name), entity)
}

/** The boundary that a new user or role gets. */
export function boundaryInput(directory: Directory, input: { PermissionsBoundary?: unknown }): string | undefined {
  const arn = optionalText(input, 'PermissionsBoundary')
  if (arn !== undefined && findPolicy(directory, arn) === undefined)
    throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`)
  return arn
}
