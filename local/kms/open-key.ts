import { AwsError, type Call, type ConditionContext } from '#local/service.ts'
import { type Alias, type Key, keySpec, readKeyPolicy } from './key.ts'
import type { KeyStore } from './key-store.ts'

/** What every operation stands on. */
export interface KmsState {
  readonly accountId: string
  readonly keys: KeyStore
  readonly clock: () => Date
}

/** The key that a request is about, once its key policy and IAM let the caller do that with it. */
export function openKey(
  { keys, accountId }: KmsState,
  keyId: unknown,
  action: string,
  call: Call,
  context: ConditionContext = {},
): Key {
  const { key, alias } = keys.resolve(keyId)
  const aliases = keys.aliases.list().filter(({ keyId: id }) => id === key.id)
  call.authorize(`kms:${action}`, key.arn, {
    resourcePolicy: readKeyPolicy(key),
    context: { ...describeContext(key, alias, aliases), 'kms:CallerAccount': accountId, ...context },
  })
  return key
}

/** Throws unless the key can be used: DisabledException, or KMSInvalidStateException while it waits for deletion. */
export function checkUsable(key: Key): void {
  checkNotPending(key)
  if (!key.enabled) throw new AwsError('DisabledException', `${key.arn} is disabled.`)
}

export function checkNotPending(key: Key): void {
  if (key.deletedAt !== undefined) throw new AwsError('KMSInvalidStateException', `${key.arn} is pending deletion.`)
}

function describeContext(key: Key, alias: Alias | undefined, aliases: readonly Alias[]) {
  const tags = Object.entries(key.tags).map(([name, value]) => [`aws:ResourceTag/${name}`, value])
  return {
    'kms:KeySpec': keySpec,
    'kms:KeyUsage': 'SIGN_VERIFY',
    'kms:KeyOrigin': 'AWS_KMS',
    'kms:MultiRegion': 'false',
    ...(aliases.length > 0 && { 'kms:ResourceAliases': aliases.map(({ name }) => name) }),
    ...(alias && { 'kms:RequestAlias': alias.name }),
    ...Object.fromEntries(tags),
  }
}
