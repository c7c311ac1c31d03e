import type { Credential, CredentialLookup } from '#local/gateway/credential-lookup.ts'
import { AwsError } from '#local/service.ts'
import { boundedCache } from './bounded-cache.ts'
import type { Directory } from './directory.ts'
import { findRole, findUser } from './find-entity.ts'
import { invalidToken } from './iam-errors.ts'
import { entityArn } from './records.ts'
import { principalTags, roleSessionCaller, type SessionClaims } from './role-session-caller.ts'
import type { SecretKeys } from './secret-keys.ts'

interface CredentialOptions {
  readonly directory: Directory
  readonly keys: SecretKeys
  readonly clock: () => Date
}

/** Finds who signs: long-lived keys in the directory, sessions in their own token. Whatever IAM changes takes effect at once. */
export function credentialLookup({ directory, keys, clock }: CredentialOptions): CredentialLookup {
  const users = boundedCache(1000, (accessKeyId): Credential => {
    const key = directory.accessKeys.get(accessKeyId)
    const user = key?.status === 'Active' ? findUser(directory, key.userName) : undefined
    if (user === undefined) throw invalidToken()
    const { accountId } = directory
    const arn = entityArn(accountId, 'user', user)
    return {
      secretAccessKey: keys.secretAccessKey(accessKeyId),
      caller: { kind: 'user', arn, accountId, userId: user.id, context: principalTags(user.tags) },
    }
  })
  const sessions = boundedCache(10_000, (keyAndToken): Credential & { expires: number } => {
    const [accessKeyId = '', token = ''] = keyAndToken.split(' ')
    const text = keys.open(accessKeyId, token)
    if (text === undefined) throw invalidToken()
    const claims = JSON.parse(text) as SessionClaims
    const role = findRole(directory, claims.roleName)
    if (role?.id !== claims.roleId || role === undefined) throw invalidToken()
    return {
      secretAccessKey: keys.secretAccessKey(accessKeyId),
      caller: roleSessionCaller(directory.accountId, role, claims),
      expires: claims.expires,
    }
  })
  directory.onChange(() => {
    users.clear()
    sessions.clear()
  })

  return {
    find(accessKeyId, sessionToken) {
      if (sessionToken === undefined) return users.get(accessKeyId)
      const session = sessions.get(`${accessKeyId} ${sessionToken}`)
      if (clock().getTime() >= session.expires * 1000)
        throw new AwsError('ExpiredToken', 'The security token included in the request is expired', 403)
      return session
    },
  }
}
