import type { PolicyDocument } from '#local/service.ts'
import { compileStatement, type Statement } from './compile-statement.ts'
import { isObject } from './json-shape.ts'
import { malformedPolicy } from './malformed-policy.ts'

/** `identity`: attached to a principal (IAM, session, boundary, AWS IoT). `resource`: of a bucket, queue, key. `trust`: of a role. */
export type PolicyKind = 'identity' | 'resource' | 'trust'

export interface CompiledPolicy {
  readonly statements: readonly Statement[]
}

const topLevelElements = new Set(['Version', 'Id', 'Statement'])

/**
 * Checks a policy document once and makes it fast to ask. Throws MalformedPolicyDocument, in IAM's words where it has some.
 * Documents of 2008-10-17, which is also the default, know no variables: `${aws:username}` is literal text in them.
 */
export function compilePolicy(document: PolicyDocument | string, kind: PolicyKind = 'identity'): CompiledPolicy {
  const policy = typeof document === 'string' ? parseJson(document) : document
  if (!isObject(policy)) throw malformedPolicy('Syntax errors in policy.')
  for (const element of Object.keys(policy))
    if (!topLevelElements.has(element)) throw malformedPolicy(`Syntax errors in policy: unknown element ${element}.`)
  const version = policy.Version ?? '2008-10-17'
  if (version !== '2012-10-17' && version !== '2008-10-17')
    throw malformedPolicy('Syntax errors in policy: Version must be 2012-10-17 or 2008-10-17.')
  const elements: unknown[] = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement]
  const statements = elements.map((element, index) => {
    if (!isObject(element)) throw malformedPolicy('Syntax errors in policy: a statement must be an object.')
    return compileStatement(element, { index, kind, variables: version === '2012-10-17' })
  })
  const sids = statements.flatMap((statement) => statement.sid ?? [])
  if (new Set(sids).size < sids.length) throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.')
  return { statements }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformedPolicy('This policy contains invalid Json', { cause })
  }
}
