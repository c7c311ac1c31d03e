import type {
  CreateAliasCommandInput,
  DeleteAliasCommandInput,
  ListAliasesCommandInput,
  UpdateAliasCommandInput,
} from '@aws-sdk/client-kms'
import { AwsError, type Operations } from '#local/service.ts'
import type { Alias } from './key.ts'
import { invalid, notFound } from './kms-errors.ts'
import { checkNotPending, type KmsState, openKey } from './open-key.ts'
import { paginate } from './paginate.ts'

export function createAliasOperations(state: KmsState) {
  const { keys, clock } = state
  const { aliases } = keys

  function find(name: string): Alias {
    const alias = aliases.get(name)
    if (!alias) throw notFound(`Alias ${keys.formatArn(name)} is not found.`)
    return alias
  }

  return {
    CreateAlias(input: CreateAliasCommandInput, call) {
      const name = parseName(input.AliasName)
      const arn = keys.formatArn(name)
      call.authorize('kms:CreateAlias', arn)
      const key = openKey(state, parseTarget(input.TargetKeyId), 'CreateAlias', call)
      checkNotPending(key)
      if (aliases.get(name)) {
        throw new AwsError('AlreadyExistsException', `An alias with the name ${arn} already exists`)
      }
      const now = clock().getTime()
      aliases.put({ name, arn, keyId: key.id, createdAt: now, updatedAt: now })
    },

    UpdateAlias(input: UpdateAliasCommandInput, call) {
      const name = parseName(input.AliasName)
      call.authorize('kms:UpdateAlias', keys.formatArn(name))
      const alias = find(name)
      openKey(state, alias.keyId, 'UpdateAlias', call)
      const key = openKey(state, parseTarget(input.TargetKeyId), 'UpdateAlias', call)
      checkNotPending(key)
      aliases.put({ ...alias, keyId: key.id, updatedAt: clock().getTime() })
    },

    DeleteAlias(input: DeleteAliasCommandInput, call) {
      const name = parseName(input.AliasName)
      call.authorize('kms:DeleteAlias', keys.formatArn(name))
      openKey(state, find(name).keyId, 'DeleteAlias', call)
      aliases.delete(name)
    },

    ListAliases(input: ListAliasesCommandInput, call) {
      call.authorize('kms:ListAliases', '*')
      const keyId = input.KeyId === undefined ? undefined : keys.resolve(input.KeyId).key.id
      const listed = aliases.list().filter((alias) => keyId === undefined || alias.keyId === keyId)
      const { page, ...rest } = paginate(listed, ({ name }) => name, input)
      return { Aliases: page.map(describeAlias), ...rest }
    },
  } satisfies Operations
}

function describeAlias({ name, arn, keyId, createdAt, updatedAt }: Alias) {
  return {
    AliasName: name,
    AliasArn: arn,
    TargetKeyId: keyId,
    CreationDate: new Date(createdAt),
    LastUpdatedDate: new Date(updatedAt),
  }
}

function parseName(name: unknown): string {
  if (typeof name !== 'string' || !/^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(name)) {
    throw new AwsError(
      'InvalidAliasNameException',
      `Alias must start with the prefix "alias/" and hold [a-zA-Z0-9/_-]: ${name}`,
    )
  }
  if (name.startsWith('alias/aws/')) throw new AwsError('NotAuthorizedException', 'alias/aws/ is reserved')
  return name
}

function parseTarget(keyId: unknown): unknown {
  if (String(keyId).includes('alias/')) throw invalid('Aliases must refer to keys. Not aliases')
  return keyId
}
