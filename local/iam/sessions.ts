import { requestContext } from '#local/gateway/call.ts'
import type { Caller, ConditionContext, PolicyDocument } from '#local/service.ts'
import { AwsError } from '#local/service.ts'
import type { RequireAccess } from './authorizer.ts'
import type { Directory } from './directory.ts'
import { findRole } from './find-entity.ts'
import { validationError } from './iam-errors.ts'
import { policyCache } from './policy-cache.ts'
import { entityArn } from './records.ts'
import { roleSessionCaller, type SessionClaims } from './role-session-caller.ts'
import type { SecretKeys } from './secret-keys.ts'
import { uniqueId } from './unique-id.ts'

interface AssumeRoleRequest {
  readonly roleArn: string
  /** 2–64 of `[\w+=,.@-]`. */
  readonly sessionName: string
  /** 900 to the role's maximum; 3600 when left out. */
  readonly durationSeconds?: number | undefined
  /** Who assumes the role: a caller, or the principal of a service (`lambda.amazonaws.com`). */
  readonly principal: Caller | string
  /** Condition keys for the trust policy: `aws:SourceArn`, `sts:ExternalId`, … */
  readonly context?: ConditionContext
  /** Condition keys that every call of the session carries: `credentials-iot:ThingName`, … */
  readonly sessionContext?: ConditionContext
  readonly sessionPolicy?: PolicyDocument | undefined
}

export interface Session {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
  /** What the credentials will be seen as: for a service that acts as the role in process. */
  readonly caller: Caller
}

export type AssumeRole = (request: AssumeRoleRequest) => Session

export interface SessionOptions {
  readonly directory: Directory
  readonly keys: SecretKeys
  readonly requireAccess: RequireAccess
  readonly region: string
  readonly clock: () => Date
}

const shortestSeconds = 900
const defaultSeconds = 3600
const longestChainedSeconds = 3600

/**
 * Starts a session if the role's trust policy lets the principal. Throws AccessDenied, also for a role that does not exist, and
 * ValidationError for a bad name or duration.
 */
export function createAssumeRole({ directory, keys, requireAccess, region, clock }: SessionOptions): AssumeRole {
  const compileTrust = policyCache('trust')
  return (request) => {
    const { roleArn, sessionName, durationSeconds = defaultSeconds, context, sessionContext, sessionPolicy } = request
    const principal = typeof request.principal === 'string' ? serviceCaller(request.principal) : request.principal
    if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) throw invalidSessionName(sessionName)
    if (principal.kind === 'root') throw new AwsError('AccessDenied', 'Roles may not be assumed by root accounts.', 403)
    const role = findRole(directory, roleArn.slice(roleArn.lastIndexOf('/') + 1))
    if (role === undefined || entityArn(directory.accountId, 'role', role) !== roleArn)
      throw unknownRole(principal, roleArn)
    requireAccess(principal, 'sts:AssumeRole', roleArn, {
      context: { ...requestContext(principal, region, clock()), 'sts:RoleSessionName': sessionName, ...context },
      onResource: { type: 'trust', owner: roleArn, name: 'trust policy', policy: compileTrust(role.trustPolicy) },
      resourceMustAllow: true,
    })
    checkDuration(durationSeconds, role.maxSessionSeconds, principal)

    const issued = Math.floor(clock().getTime() / 1000)
    const claims: SessionClaims = {
      roleName: role.name,
      roleId: role.id,
      sessionName,
      issued,
      expires: issued + durationSeconds,
      ...(sessionPolicy && { policy: sessionPolicy }),
      ...(sessionContext && { context: sessionContext }),
    }
    const accessKeyId = uniqueId('ASIA')
    return {
      accessKeyId,
      secretAccessKey: keys.secretAccessKey(accessKeyId),
      sessionToken: keys.seal(accessKeyId, JSON.stringify(claims)),
      expiration: new Date(claims.expires * 1000),
      caller: roleSessionCaller(directory.accountId, role, claims),
    }
  }

  function serviceCaller(principal: string): Caller {
    return { kind: 'service', arn: principal, accountId: directory.accountId, userId: principal, context: {} }
  }
}

function checkDuration(seconds: number, longestSeconds: number, principal: Caller): void {
  if (!Number.isInteger(seconds) || seconds < shortestSeconds)
    throw validationError(
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to ${shortestSeconds}`,
    )
  if (principal.kind === 'assumed-role' && seconds > longestChainedSeconds)
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    )
  if (seconds > longestSeconds)
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
}

function invalidSessionName(name: string): AwsError {
  return validationError(
    `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}`,
  )
}

/** AWS does not tell who may not assume a role whether it exists. */
function unknownRole(principal: Caller, roleArn: string): AwsError {
  const message = `User: ${principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`
  return new AwsError('AccessDenied', message, 403)
}
