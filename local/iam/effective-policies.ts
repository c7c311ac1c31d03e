import type { Caller } from '#local/service.ts'
import { boundedCache } from './bounded-cache.ts'
import type { Directory } from './directory.ts'
import { findPolicy, findRole, findUser } from './find-entity.ts'
import { invalidToken } from './iam-errors.ts'
import type { AttachedPolicy } from './policy/decide.ts'
import { policyCache } from './policy-cache.ts'
import { type EntityKind, type EntityRecord, entityArn, ownedId, type PolicyRecord } from './records.ts'

export interface EffectivePolicies {
  readonly identity: readonly AttachedPolicy[]
  readonly boundary: AttachedPolicy | undefined
}

const none: EffectivePolicies = { identity: [], boundary: undefined }

/** What is attached to a caller now. Throws InvalidClientTokenId when its user or role is gone, or was made anew under its name. */
export function effectivePolicies(directory: Directory): (caller: Caller) => EffectivePolicies {
  const compile = policyCache('identity')

  function collect(kind: EntityKind, entity: EntityRecord): EffectivePolicies {
    const owner = entityArn(directory.accountId, kind, entity)
    const inline = directory.inlinePolicies.list({ prefix: ownedId(kind, entity.name, '') })
    const managed = directory.attachments.list({ prefix: ownedId(kind, entity.name, '') })
    const attach = (name: string, document: string): AttachedPolicy => ({
      type: 'identity',
      owner,
      name,
      policy: compile(document),
    })
    const attachManaged = (arn: string) => {
      const policy = findPolicy(directory, arn)
      return policy && attach(arn, defaultDocument(policy))
    }
    const boundary = entity.boundaryArn === undefined ? undefined : attachManaged(entity.boundaryArn)
    return {
      identity: [
        ...inline.map(({ value }) => attach(value.name, value.document)),
        ...managed.flatMap(({ value }) => attachManaged(value.policyArn) ?? []),
      ],
      boundary: boundary && { ...boundary, type: 'boundary' },
    }
  }

  const cache = boundedCache(10_000, (key) => {
    const [kind, name = '', id] = key.split('/')
    const entity = kind === 'user' ? findUser(directory, name) : findRole(directory, name)
    if (entity?.id !== id || entity === undefined) throw invalidToken()
    return collect(kind === 'user' ? 'user' : 'role', entity)
  })
  directory.onChange(cache.clear)

  return (caller) => {
    if (caller.kind === 'user') return cache.get(`user/${lastSegment(caller.arn)}/${caller.userId}`)
    if (caller.kind !== 'assumed-role') return none
    const roleId = caller.userId.slice(0, caller.userId.indexOf(':'))
    return cache.get(`role/${lastSegment(caller.roleArn ?? '')}/${roleId}`)
  }
}

function defaultDocument({ versions, defaultVersionId }: PolicyRecord): string {
  return versions.find(({ id }) => id === defaultVersionId)?.document ?? '{}'
}

function lastSegment(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}
