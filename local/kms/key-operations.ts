import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type {
  CancelKeyDeletionCommandInput,
  CreateKeyCommandInput,
  DescribeKeyCommandInput,
  DisableKeyCommandInput,
  EnableKeyCommandInput,
  ListKeysCommandInput,
  ScheduleKeyDeletionCommandInput,
  UpdateKeyDescriptionCommandInput,
} from '@aws-sdk/client-kms'
import { AwsError, notImplemented, type Operations } from '#local/service.ts'
import { describeKey, type Key, keySpec } from './key.ts'
import { invalid } from './kms-errors.ts'
import { checkNotPending, type KmsState, openKey } from './open-key.ts'
import { paginate } from './paginate.ts'
import { checkLockout, parseKeyPolicy } from './policy-operations.ts'
import { parseTags, requestTagContext } from './tag-operations.ts'

const DAY_MS = 86_400_000

export function createKeyOperations(state: KmsState) {
  const { keys, accountId, clock } = state

  return {
    CreateKey(input: CreateKeyCommandInput, call) {
      checkSpec(input)
      const description = parseDescription(input.Description ?? '')
      const tags = parseTags({}, input.Tags ?? [])
      const requested = requestTagContext(tags)
      call.authorize('kms:CreateKey', '*', {
        context: {
          ...requested,
          'kms:CallerAccount': accountId,
          'kms:KeySpec': keySpec,
          'kms:KeyUsage': 'SIGN_VERIFY',
          'kms:KeyOrigin': 'AWS_KMS',
          'kms:MultiRegion': 'false',
          'kms:BypassPolicyLockoutSafetyCheck': String(input.BypassPolicyLockoutSafetyCheck ?? false),
        },
      })
      const id = randomUUID()
      const arn = keys.formatArn(`key/${id}`)
      // "To use the Tags parameter, kms:TagResource (IAM policy)" (CreateKey, API reference).
      if (Object.keys(tags).length > 0) call.authorize('kms:TagResource', arn, { context: requested })
      const policy = input.Policy === undefined ? defaultPolicy(accountId) : parseKeyPolicy(input.Policy)
      // Only a policy that is given is checked (CreateKey, API reference, "Policy").
      if (input.Policy !== undefined && !input.BypassPolicyLockoutSafetyCheck) checkLockout(policy, arn, call)
      const key: Key = {
        id,
        arn,
        ...generateKey(),
        description,
        enabled: true,
        policy,
        tags,
        createdAt: clock().getTime(),
      }
      keys.put(key)
      return { KeyMetadata: describeKey(key, accountId) }
    },

    DescribeKey(input: DescribeKeyCommandInput, call) {
      return { KeyMetadata: describeKey(openKey(state, input.KeyId, 'DescribeKey', call), accountId) }
    },

    ListKeys(input: ListKeysCommandInput, call) {
      call.authorize('kms:ListKeys', '*')
      const { page, ...rest } = paginate(keys.list(), ({ id }) => id, input)
      return { Keys: page.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })), ...rest }
    },

    EnableKey(input: EnableKeyCommandInput, call) {
      const key = openKey(state, input.KeyId, 'EnableKey', call)
      checkNotPending(key)
      keys.put({ ...key, enabled: true })
    },

    DisableKey(input: DisableKeyCommandInput, call) {
      const key = openKey(state, input.KeyId, 'DisableKey', call)
      checkNotPending(key)
      keys.put({ ...key, enabled: false })
    },

    UpdateKeyDescription(input: UpdateKeyDescriptionCommandInput, call) {
      const key = openKey(state, input.KeyId, 'UpdateKeyDescription', call)
      checkNotPending(key)
      keys.put({ ...key, description: parseDescription(input.Description) })
    },

    ScheduleKeyDeletion(input: ScheduleKeyDeletionCommandInput, call) {
      const days = input.PendingWindowInDays ?? 30
      if (!Number.isInteger(days) || days < 7 || days > 30)
        throw invalid('PendingWindowInDays must be between 7 and 30')
      const context = { 'kms:ScheduleKeyDeletionPendingWindowInDays': String(days) }
      const key = openKey(state, input.KeyId, 'ScheduleKeyDeletion', call, context)
      checkNotPending(key)
      const deletedAt = clock().getTime() + days * DAY_MS
      keys.put({ ...key, deletedAt })
      const DeletionDate = new Date(deletedAt)
      return { KeyId: key.arn, DeletionDate, KeyState: 'PendingDeletion', PendingWindowInDays: days }
    },

    CancelKeyDeletion(input: CancelKeyDeletionCommandInput, call) {
      const { deletedAt, ...key } = openKey(state, input.KeyId, 'CancelKeyDeletion', call)
      if (deletedAt === undefined) throw new AwsError('KMSInvalidStateException', `${key.arn} is not pending deletion.`)
      keys.put({ ...key, enabled: false })
      return { KeyId: key.arn }
    },
  } satisfies Operations
}

function checkSpec(input: CreateKeyCommandInput): void {
  const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
  if (spec !== keySpec) throw notImplemented(`KMS keys of the spec ${spec}`)
  const usage = input.KeyUsage ?? 'ENCRYPT_DECRYPT'
  if (usage === 'KEY_AGREEMENT') throw notImplemented(`KMS keys for ${usage}`)
  if (usage !== 'SIGN_VERIFY') throw invalid(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`)
  if (input.Origin !== undefined && input.Origin !== 'AWS_KMS')
    throw notImplemented(`KMS keys of origin ${input.Origin}`)
  if (input.MultiRegion) throw notImplemented('multi-Region KMS keys')
  if (input.CustomKeyStoreId !== undefined || input.XksKeyId !== undefined)
    throw notImplemented('KMS custom key stores')
}

function parseDescription(description: unknown): string {
  if (typeof description !== 'string' || description.length > 8192)
    throw invalid('Description is at most 8192 characters')
  return description
}

function generateKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  return { privateKey: privateKey.toString('base64'), publicKey: publicKey.toString('base64') }
}

/** The key policy of a key that was made without one: IAM decides (developer guide, "Default key policy"). */
function defaultPolicy(accountId: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  })
}
