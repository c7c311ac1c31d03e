import type { Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { noSuchEntity } from '../iam-errors.ts'
import type { EntityKind } from '../records.ts'
import { requireText } from './check-text.ts'
import { authorizedEntity, boundaryInput, type EntityInput, putEntity } from './entity-input.ts'

/** PutRolePermissionsBoundary and DeleteRolePermissionsBoundary, or the same for users. */
export function boundaryOperations(directory: Directory, kind: EntityKind): Operations {
  const Kind = kind === 'user' ? 'User' : 'Role'
  return {
    [`Put${Kind}PermissionsBoundary`](input: EntityInput & { PermissionsBoundary?: string }, call) {
      const boundaryArn = requireText(input, 'PermissionsBoundary')
      const context = { 'iam:PermissionsBoundary': boundaryArn }
      const entity = authorizedEntity(directory, kind, input, call, `Put${Kind}PermissionsBoundary`, context)
      boundaryInput(directory, input)
      directory.change(() => putEntity(directory, kind, { ...entity, boundaryArn }))
    },

    [`Delete${Kind}PermissionsBoundary`](input: EntityInput, call) {
      const entity = authorizedEntity(directory, kind, input, call, `Delete${Kind}PermissionsBoundary`)
      const { boundaryArn, ...unbound } = entity
      if (boundaryArn === undefined) throw noSuchEntity(`The ${kind} ${entity.name} has no permissions boundary.`)
      directory.change(() => putEntity(directory, kind, unbound))
    },
  }
}
