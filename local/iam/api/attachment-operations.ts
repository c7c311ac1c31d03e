import type { Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { findPolicy } from '../find-entity.ts'
import { limitExceeded, noSuchEntity } from '../iam-errors.ts'
import { type EntityKind, ownedId } from '../records.ts'
import { optionalText, requireText } from './check-text.ts'
import { authorizedEntity, type EntityInput } from './entity-input.ts'
import { pageOf } from './page.ts'

type AttachInput = EntityInput & Readonly<{ PolicyArn?: string }>
type ListInput = EntityInput & Readonly<{ PathPrefix?: string; Marker?: string; MaxItems?: number }>

const maxAttached = 10

/** AttachRolePolicy, DetachRolePolicy, … or the same for users. */
export function attachmentOperations(directory: Directory, kind: EntityKind): Operations {
  const Kind = kind === 'user' ? 'User' : 'Role'
  return {
    [`Attach${Kind}Policy`](input: AttachInput, call) {
      const policyArn = requireText(input, 'PolicyArn')
      const context = { 'iam:PolicyARN': policyArn }
      const { name } = authorizedEntity(directory, kind, input, call, `Attach${Kind}Policy`, context)
      if (findPolicy(directory, policyArn) === undefined)
        throw noSuchEntity(`Policy ${policyArn} does not exist or is not attachable.`)
      directory.change(() => {
        directory.attachments.put(ownedId(kind, name, policyArn), { policyArn, kind, name })
        if (directory.attachments.list({ prefix: ownedId(kind, name, '') }).length > maxAttached)
          throw limitExceeded(`Cannot exceed quota for PoliciesPer${Kind}: ${maxAttached}`)
      })
    },

    [`Detach${Kind}Policy`](input: AttachInput, call) {
      const policyArn = requireText(input, 'PolicyArn')
      const context = { 'iam:PolicyARN': policyArn }
      const { name } = authorizedEntity(directory, kind, input, call, `Detach${Kind}Policy`, context)
      if (!directory.change(() => directory.attachments.delete(ownedId(kind, name, policyArn))))
        throw noSuchEntity(`Policy ${policyArn} was not found.`)
    },

    [`ListAttached${Kind}Policies`](input: ListInput, call) {
      const { name } = authorizedEntity(directory, kind, input, call, `ListAttached${Kind}Policies`)
      const prefix = optionalText(input, 'PathPrefix') ?? '/'
      const rows = directory.attachments.list({ prefix: ownedId(kind, name, '') }).flatMap(({ id, value }) => {
        const policy = findPolicy(directory, value.policyArn)
        return policy?.path.startsWith(prefix) ? [{ id, value: policy }] : []
      })
      const { items, paging } = pageOf(rows, input)
      return { AttachedPolicies: items.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })), ...paging }
    },
  }
}
