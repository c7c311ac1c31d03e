import type { ConditionContext } from '#local/service.ts'
import type { PolicyType } from '../decide.ts'
import type { Outcome } from '../evaluate-policies.ts'
import type { Principal } from '../principals.ts'

type Statement = Readonly<Record<string, unknown>>

/** One decision as data. What is left out: nina (a user) gets arn:aws:s3:::bucket/key, with no policy and an empty context. */
export interface PolicyCase {
  readonly name: string
  readonly by?: keyof typeof principals
  readonly action?: string
  readonly resource?: string
  readonly context?: ConditionContext
  /** The version of every policy of the case. */
  readonly version?: string
  readonly identity?: readonly Statement[]
  readonly boundary?: readonly Statement[]
  readonly session?: readonly Statement[]
  readonly onResource?: readonly Statement[]
  readonly trust?: readonly Statement[]
  readonly resourceMustAllow?: boolean
  readonly expect: Outcome
  readonly decidedBy?: PolicyType
}

export const accountId = '123456789012'
export const bucketKey = 'arn:aws:s3:::bucket/key'
export const accountRoot = `arn:aws:iam::${accountId}:root`
export const ninaArn = `arn:aws:iam::${accountId}:user/staff/nina`
export const roleArn = `arn:aws:iam::${accountId}:role/device`
export const sessionArn = `arn:aws:sts::${accountId}:assumed-role/device/d1`

export const principals = {
  nina: { kind: 'user', arn: ninaArn, accountId, userId: 'AIDANINA' },
  session: { kind: 'assumed-role', arn: sessionArn, accountId, userId: 'AROADEVICE:d1', roleArn },
  root: { kind: 'root', arn: accountRoot, accountId, userId: accountId },
  s3: { kind: 'service', arn: 's3.amazonaws.com', accountId, userId: 's3.amazonaws.com' },
  anyone: { kind: 'anonymous', arn: '*', accountId: '', userId: 'anonymous' },
} as const satisfies Record<string, Principal>

export function allow(elements: Statement = {}): Statement {
  return { Effect: 'Allow', ...defaults(elements), ...elements }
}

export function deny(elements: Statement = {}): Statement {
  return { Effect: 'Deny', ...defaults(elements), ...elements }
}

/** An Allow whose only question is its condition. */
export function allowIf(operator: string, key: string, values: unknown): readonly Statement[] {
  return [allow({ Condition: { [operator]: { [key]: values } } })]
}

function defaults(elements: Statement): Statement {
  return {
    ...('NotAction' in elements ? {} : { Action: 's3:GetObject' }),
    ...('NotResource' in elements ? {} : { Resource: bucketKey }),
  }
}
