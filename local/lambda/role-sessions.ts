import { AwsError, type Caller } from '#local/service.ts'
import type { SessionCredentials } from './function-environment.ts'
import type { FunctionRecord } from './function-record.ts'

/** Credentials of a role, for as long as a process may use them. */
export interface RoleSession extends SessionCredentials {
  readonly expiration: Date
  readonly caller: Caller
}

export type AssumeRole = (roleArn: string, sessionName: string) => RoleSession

const renewBeforeMs = 60_000

/** The functions' roles, as Lambda takes them on: for processes, and for what Lambda itself does for a function. */
export function createRoleSessions(assumeRole: AssumeRole, clock: () => Date) {
  const sessions = new Map<string, RoleSession>()

  function assume({ configuration: { Role, FunctionName } }: FunctionRecord): RoleSession {
    try {
      return assumeRole(Role, FunctionName)
    } catch (cause) {
      const message = 'The role defined for the function cannot be assumed by Lambda.'
      throw new AwsError('AccessDeniedException', message, 403, { cause })
    }
  }

  return {
    assume,
    caller(record: FunctionRecord): Caller {
      const key = `${record.configuration.FunctionName} ${record.configuration.Role}`
      const known = sessions.get(key)
      if (known && known.expiration.getTime() - clock().getTime() > renewBeforeMs) return known.caller
      const session = assume(record)
      sessions.set(key, session)
      return session.caller
    },
  }
}
