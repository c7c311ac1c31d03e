import type { Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { noSuchEntity } from '../iam-errors.ts'
import { type EntityKind, type InlinePolicyRecord, ownedId } from '../records.ts'
import { requireText } from './check-text.ts'
import { checkSize, encodeDocument, requireDocument } from './document.ts'
import { authorizedEntity, type EntityInput } from './entity-input.ts'
import { pageOf } from './page.ts'

type PolicyInput = EntityInput & Readonly<{ PolicyName?: string; PolicyDocument?: string }>
type PageInput = EntityInput & Readonly<{ Marker?: string; MaxItems?: number }>

/** Characters of all inline policies together. */
const maxTotalSize: Record<EntityKind, number> = { user: 2048, role: 10_240 }

/** PutRolePolicy, GetRolePolicy, … or the same for users. */
export function inlinePolicyOperations(directory: Directory, kind: EntityKind): Operations {
  const Kind = kind === 'user' ? 'User' : 'Role'

  function requirePolicy(entityName: string, policyName: string): InlinePolicyRecord {
    const policy = directory.inlinePolicies.get(ownedId(kind, entityName, policyName))
    if (policy === undefined) throw noSuchEntity(`The ${kind} policy with name ${policyName} cannot be found.`)
    return policy
  }

  return {
    [`Put${Kind}Policy`](input: PolicyInput, call) {
      const entity = authorizedEntity(directory, kind, input, call, `Put${Kind}Policy`)
      const name = requireText(input, 'PolicyName')
      const document = requireDocument(input)
      directory.change(() => {
        directory.inlinePolicies.put(ownedId(kind, entity.name, name), { name, document })
        const all = directory.inlinePolicies.list({ prefix: ownedId(kind, entity.name, '') })
        checkSize(
          all.map(({ value }) => value.document),
          maxTotalSize[kind],
          `Maximum policy size of ${maxTotalSize[kind]} bytes exceeded for ${kind} ${entity.name}`,
        )
      })
    },

    [`Get${Kind}Policy`](input: PolicyInput, call) {
      const entity = authorizedEntity(directory, kind, input, call, `Get${Kind}Policy`)
      const { name, document } = requirePolicy(entity.name, requireText(input, 'PolicyName'))
      return { [`${Kind}Name`]: entity.name, PolicyName: name, PolicyDocument: encodeDocument(document) }
    },

    [`List${Kind}Policies`](input: PageInput, call) {
      const entity = authorizedEntity(directory, kind, input, call, `List${Kind}Policies`)
      const { items, paging } = pageOf(directory.inlinePolicies.list({ prefix: ownedId(kind, entity.name, '') }), input)
      return { PolicyNames: items.map(({ name }) => name), ...paging }
    },

    [`Delete${Kind}Policy`](input: PolicyInput, call) {
      const entity = authorizedEntity(directory, kind, input, call, `Delete${Kind}Policy`)
      const { name } = requirePolicy(entity.name, requireText(input, 'PolicyName'))
      directory.change(() => directory.inlinePolicies.delete(ownedId(kind, entity.name, name)))
    },
  }
}
