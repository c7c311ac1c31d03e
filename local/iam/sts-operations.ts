import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts'
import { notImplemented, type Operations, type PolicyDocument } from '#local/service.ts'
import { constraintError } from './api/check-text.ts'
import { compilePolicy } from './policy/compile-policy.ts'
import type { AssumeRole } from './sessions.ts'

const refusedMembers = [
  'PolicyArns',
  'Tags',
  'TransitiveTagKeys',
  'SerialNumber',
  'TokenCode',
  'SourceIdentity',
  'ProvidedContexts',
] as const satisfies (keyof AssumeRoleCommandInput)[]

export function stsOperations(assumeRole: AssumeRole): Operations {
  return {
    /** Needs no permission. */
    GetCallerIdentity: (_input: unknown, { caller }) => ({
      UserId: caller.userId,
      Account: caller.accountId,
      Arn: caller.arn,
    }),

    AssumeRole(input: AssumeRoleCommandInput, call) {
      for (const member of refusedMembers)
        if (input[member] !== undefined) throw notImplemented(`AssumeRole with ${member}`)
      const { RoleArn, RoleSessionName, DurationSeconds, ExternalId, Policy } = input
      if (RoleArn === undefined) throw constraintError('null', 'RoleArn', 'Member must not be null')
      if (RoleSessionName === undefined) throw constraintError('null', 'RoleSessionName', 'Member must not be null')
      const session = assumeRole({
        roleArn: RoleArn,
        sessionName: RoleSessionName,
        durationSeconds: DurationSeconds,
        principal: call.caller,
        context: {
          'aws:SourceIp': call.sourceIp,
          ...(ExternalId !== undefined && { 'sts:ExternalId': ExternalId }),
        },
        sessionPolicy: Policy === undefined ? undefined : parseSessionPolicy(Policy),
      })
      return {
        Credentials: {
          AccessKeyId: session.accessKeyId,
          SecretAccessKey: session.secretAccessKey,
          SessionToken: session.sessionToken,
          Expiration: session.expiration,
        },
        AssumedRoleUser: { AssumedRoleId: session.caller.userId, Arn: session.caller.arn },
      }
    },
  }
}

function parseSessionPolicy(text: string): PolicyDocument {
  compilePolicy(text, 'identity')
  return JSON.parse(text) as PolicyDocument
}
