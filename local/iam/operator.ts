import { createAccessKey } from './api/access-key-operations.ts'
import type { Directory } from './directory.ts'
import { findUser } from './find-entity.ts'
import { entityId, ownedId } from './records.ts'
import { uniqueId } from './unique-id.ts'

const name = 'operator'
const administratorAccess = 'arn:aws:iam::aws:policy/AdministratorAccess'

/** The access key id of the user `operator`, who may do everything. Both are made on the first start, and again if somebody removed them. */
export function operatorKeyId(directory: Directory, clock: () => Date): string {
  const active = directory.accessKeys.list().find(({ value }) => value.userName === name && value.status === 'Active')
  if (active !== undefined) return active.id
  return directory.change(() => {
    if (findUser(directory, name) === undefined) createOperator(directory, clock)
    return createAccessKey(directory, name, clock).id
  })
}

function createOperator(directory: Directory, clock: () => Date): void {
  const user = { name, id: uniqueId('AIDA'), path: '/', createDate: clock().toISOString(), tags: {} }
  directory.user.put(entityId(name), user)
  const attachment = { policyArn: administratorAccess, kind: 'user', name } as const
  directory.attachments.put(ownedId('user', name, administratorAccess), attachment)
}
