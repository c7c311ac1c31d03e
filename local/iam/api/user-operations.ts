import type {
  CreateUserCommandInput,
  DeleteUserCommandInput,
  GetUserCommandInput,
  ListUsersCommandInput,
} from '@aws-sdk/client-iam'
import type { Call, Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { deleteConflict, entityAlreadyExists, validationError } from '../iam-errors.ts'
import { entityArn, entityId, ownedId, type UserRecord } from '../records.ts'
import { uniqueId } from '../unique-id.ts'
import { optionalText, requireText } from './check-text.ts'
import { authorizedEntity, boundaryInput } from './entity-input.ts'
import { describeUser, entityContext, listed } from './entity-shape.ts'
import { pageOf } from './page.ts'
import { parseTags, requestTagContext } from './tags.ts'

export function userOperations(directory: Directory, clock: () => Date): Operations {
  const { accountId } = directory
  return {
    CreateUser(input: CreateUserCommandInput, call) {
      const name = requireText(input, 'UserName')
      const boundaryArn = boundaryInput(directory, input)
      const user: UserRecord = {
        name,
        id: uniqueId('AIDA'),
        path: optionalText(input, 'Path') ?? '/',
        createDate: clock().toISOString(),
        tags: parseTags(input.Tags),
        ...(boundaryArn !== undefined && { boundaryArn }),
      }
      call.authorize('iam:CreateUser', entityArn(accountId, 'user', user), {
        context: { ...entityContext(user), ...requestTagContext(user.tags) },
      })
      if (!directory.change(() => directory.user.create(entityId(name), user)))
        throw entityAlreadyExists(`User with name ${name} already exists.`)
      return { User: describeUser(accountId, user) }
    },

    GetUser(input: GetUserCommandInput, call) {
      const named = { UserName: input.UserName ?? callerUserName(call) }
      return { User: describeUser(accountId, authorizedEntity(directory, 'user', named, call, 'GetUser')) }
    },

    ListUsers(input: ListUsersCommandInput, call) {
      const prefix = optionalText(input, 'PathPrefix') ?? '/'
      call.authorize('iam:ListUsers', `arn:aws:iam::${accountId}:user${prefix}`)
      const rows = directory.user.list().filter(({ value }) => value.path.startsWith(prefix))
      const { items, paging } = pageOf(rows, input)
      return { Users: items.map((user) => listed(describeUser(accountId, user))), ...paging }
    },

    DeleteUser(input: DeleteUserCommandInput, call) {
      const { name } = authorizedEntity(directory, 'user', input, call, 'DeleteUser')
      directory.change(() => {
        if (directory.accessKeys.list().some(({ value }) => value.userName === name))
          throw deleteConflict('Cannot delete entity, must delete access keys first.')
        if (directory.inlinePolicies.list({ prefix: ownedId('user', name, ''), limit: 1 }).length > 0)
          throw deleteConflict('Cannot delete entity, must delete policies first.')
        if (directory.attachments.list({ prefix: ownedId('user', name, ''), limit: 1 }).length > 0)
          throw deleteConflict('Cannot delete entity, must detach all policies first.')
        directory.user.delete(entityId(name))
      })
    },
  }
}

/** Some operations about a user mean the caller when they name none. */
export function callerUserName({ caller }: Call): string {
  if (caller.kind !== 'user') throw validationError('Must specify userName when calling with non-User credentials')
  return caller.arn.slice(caller.arn.lastIndexOf('/') + 1)
}
