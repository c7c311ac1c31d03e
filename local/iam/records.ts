/** The two kinds of principals that IAM keeps. */
export type EntityKind = 'user' | 'role'

export interface EntityRecord {
  readonly name: string
  /** `AIDA…`, `AROA…`: a user or role that is created anew under an old name is another one. */
  readonly id: string
  readonly path: string
  readonly createDate: string
  readonly tags: Readonly<Record<string, string>>
  readonly boundaryArn?: string
}

export type UserRecord = EntityRecord

export interface RoleRecord extends EntityRecord {
  /** JSON, as it was given. */
  readonly trustPolicy: string
  readonly description?: string
  readonly maxSessionSeconds: number
}

export interface InlinePolicyRecord {
  readonly name: string
  readonly document: string
}

export interface PolicyVersionRecord {
  /** `v1`, `v2`, … */
  readonly id: string
  readonly document: string
  readonly createDate: string
}

export interface PolicyRecord {
  readonly arn: string
  readonly name: string
  readonly id: string
  readonly path: string
  readonly description?: string
  readonly createDate: string
  readonly updateDate: string
  readonly tags: Readonly<Record<string, string>>
  readonly defaultVersionId: string
  readonly lastVersion: number
  readonly versions: readonly PolicyVersionRecord[]
}

export interface AccessKeyRecord {
  readonly id: string
  readonly userName: string
  readonly status: 'Active' | 'Inactive'
  readonly createDate: string
}

export function entityArn(
  accountId: string,
  kind: EntityKind,
  { path, name }: Pick<EntityRecord, 'path' | 'name'>,
): string {
  return `arn:aws:iam::${accountId}:${kind}${path}${name}`
}

/** Two names that differ only in case cannot exist side by side. */
export function entityId(name: string): string {
  return name.toLowerCase()
}

/** The key of what belongs to a user or role, and with an empty `item` the prefix of all of it. */
export function ownedId(kind: EntityKind, name: string, item: string): string {
  return `${kind}/${entityId(name)}/${item}`
}
