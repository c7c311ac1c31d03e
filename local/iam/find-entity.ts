import { awsManagedPolicies } from './aws-managed-policies.ts'
import type { Directory } from './directory.ts'
import { noSuchEntity } from './iam-errors.ts'
import { type EntityKind, entityId, type PolicyRecord, type RoleRecord, type UserRecord } from './records.ts'

export function findUser(directory: Directory, name: string): UserRecord | undefined {
  const user = directory.user.get(entityId(name))
  return user?.name === name ? user : undefined
}

export function findRole(directory: Directory, name: string): RoleRecord | undefined {
  const role = directory.role.get(entityId(name))
  return role?.name === name ? role : undefined
}

function requireUser(directory: Directory, name: string): UserRecord {
  const user = findUser(directory, name)
  if (user === undefined) throw noSuchEntity(`The user with name ${name} cannot be found.`)
  return user
}

export function requireRole(directory: Directory, name: string): RoleRecord {
  const role = findRole(directory, name)
  if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`)
  return role
}

export function requireEntity(directory: Directory, kind: EntityKind, name: string): UserRecord | RoleRecord {
  return kind === 'user' ? requireUser(directory, name) : requireRole(directory, name)
}

export function findPolicy(directory: Directory, arn: string): PolicyRecord | undefined {
  return awsManagedPolicies.get(arn) ?? directory.policies.get(arn)
}

export function requirePolicy(directory: Directory, arn: string): PolicyRecord {
  const policy = findPolicy(directory, arn)
  if (policy === undefined) throw noSuchEntity(`Policy ${arn} was not found.`)
  return policy
}
