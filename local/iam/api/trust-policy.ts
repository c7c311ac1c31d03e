import type { Directory } from '../directory.ts'
import { findRole, findUser } from '../find-entity.ts'
import { compilePolicy } from '../policy/compile-policy.ts'
import { isObject, listOf } from '../policy/json-shape.ts'
import { malformedPolicy } from '../policy/malformed-policy.ts'
import { entityArn } from '../records.ts'
import { requireText } from './check-text.ts'
import { checkSize } from './document.ts'

interface TrustInput {
  readonly RoleName?: unknown
  readonly AssumeRolePolicyDocument?: unknown
}

const maxTrustPolicySize = 2048

/** The text of a trust policy whose principals exist. Throws MalformedPolicyDocument. */
export function requireTrustPolicy(directory: Directory, document: TrustInput['AssumeRolePolicyDocument']): string {
  const text = requireText({ AssumeRolePolicyDocument: document }, 'AssumeRolePolicyDocument')
  const { statements } = compilePolicy(text, 'trust')
  for (const { actions } of statements)
    for (const pattern of actions.patterns)
      if (actions.negated || !/^sts:/i.test(pattern.text))
        throw malformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.')
  for (const arn of namedPrincipals(JSON.parse(text)))
    if (!existsHere(directory, arn)) throw malformedPolicy(`Invalid principal in policy: "AWS":"${arn}"`)
  checkSize([text], maxTrustPolicySize, `Cannot exceed quota for ACLSizePerRole: ${maxTrustPolicySize}`)
  return text
}

function namedPrincipals(policy: { Statement: unknown }): string[] {
  return listOf(policy.Statement).flatMap((statement) => {
    const principal = isObject(statement) ? statement.Principal : undefined
    return isObject(principal) ? listOf(principal.AWS).filter((value) => typeof value === 'string') : []
  })
}

/** Users and roles of this account must exist; sessions and other accounts are not looked up. */
function existsHere(directory: Directory, arn: string): boolean {
  const [, account, kind, path] = /^arn:aws:iam::(\d{12}):(user|role)(\/.*)$/.exec(arn) ?? []
  if (account !== directory.accountId || path === undefined) return true
  const name = path.slice(path.lastIndexOf('/') + 1)
  const entity = kind === 'user' ? findUser(directory, name) : findRole(directory, name)
  return entity !== undefined && entityArn(account, kind === 'user' ? 'user' : 'role', entity) === arn
}
