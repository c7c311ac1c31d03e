import type {
  CreateAccessKeyCommandInput,
  DeleteAccessKeyCommandInput,
  ListAccessKeysCommandInput,
  UpdateAccessKeyCommandInput,
} from '@aws-sdk/client-iam'
import type { Call, Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import { limitExceeded, noSuchEntity } from '../iam-errors.ts'
import type { AccessKeyRecord } from '../records.ts'
import type { SecretKeys } from '../secret-keys.ts'
import { uniqueId } from '../unique-id.ts'
import { constraintError, requireText } from './check-text.ts'
import { authorizedEntity } from './entity-input.ts'
import { pageOf } from './page.ts'
import { callerUserName } from './user-operations.ts'

const maxKeysPerUser = 2

export function accessKeyOperations(directory: Directory, keys: SecretKeys, clock: () => Date): Operations {
  const userOf = (input: { UserName?: string | undefined }, call: Call, action: string) =>
    authorizedEntity(directory, 'user', { UserName: input.UserName ?? callerUserName(call) }, call, action).name

  const keysOf = (userName: string) => directory.accessKeys.list().filter(({ value }) => value.userName === userName)

  function requireKey(userName: string, id: string): AccessKeyRecord {
    const key = directory.accessKeys.get(id)
    if (key?.userName !== userName) throw noSuchEntity(`The Access Key with id ${id} cannot be found.`)
    return key
  }

  return {
    CreateAccessKey(input: CreateAccessKeyCommandInput, call) {
      const userName = userOf(input, call, 'CreateAccessKey')
      const key = directory.change(() => {
        if (keysOf(userName).length >= maxKeysPerUser)
          throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${maxKeysPerUser}`)
        return createAccessKey(directory, userName, clock)
      })
      return { AccessKey: { ...describe(key), SecretAccessKey: keys.secretAccessKey(key.id) } }
    },

    ListAccessKeys(input: ListAccessKeysCommandInput, call) {
      const userName = userOf(input, call, 'ListAccessKeys')
      const { items, paging } = pageOf(keysOf(userName), input)
      return { AccessKeyMetadata: items.map(describe), ...paging }
    },

    UpdateAccessKey(input: UpdateAccessKeyCommandInput, call) {
      const userName = userOf(input, call, 'UpdateAccessKey')
      const id = requireText(input, 'AccessKeyId')
      const status = input.Status
      if (status !== 'Active' && status !== 'Inactive')
        throw constraintError(`'${status}'`, 'Status', 'Member must satisfy enum value set: [Active, Inactive]')
      directory.change(() => directory.accessKeys.put(id, { ...requireKey(userName, id), status }))
    },

    DeleteAccessKey(input: DeleteAccessKeyCommandInput, call) {
      const userName = userOf(input, call, 'DeleteAccessKey')
      const { id } = requireKey(userName, requireText(input, 'AccessKeyId'))
      directory.change(() => directory.accessKeys.delete(id))
    },
  }
}

/** Within directory.change. */
export function createAccessKey(directory: Directory, userName: string, clock: () => Date): AccessKeyRecord {
  const createDate = clock().toISOString()
  const key: AccessKeyRecord = { id: uniqueId('AKIA'), userName, status: 'Active', createDate }
  directory.accessKeys.put(key.id, key)
  return key
}

function describe({ id, userName, status, createDate }: AccessKeyRecord) {
  return { UserName: userName, AccessKeyId: id, Status: status, CreateDate: new Date(createDate) }
}
