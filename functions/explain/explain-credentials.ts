import type { Explanation } from '#contract/explanation.ts'
import { findDenial } from './explain-role.ts'
import { type Facts, foundIn } from './facts.ts'
import { allowsAction, trustsCredentialsProvider } from './policy-documents.ts'
import { holds, isUnknown, type Verdict, waits } from './verdict.ts'

type StepName = Explanation['steps'][number]['step']

/** The steps that credentials need. A CA or a rule that is off keeps new certificates out, and leaves this one alone. */
const needed: readonly StepName[] = ['certificate', 'thing', 'policy', 'role-alias', 'role']

/** What the credentials provider answers the device, by what the steps before it came to. */
export function explainCredentials(facts: Facts, before: ReadonlyMap<StepName, Verdict>): Verdict {
  const refusal = findRefusal(facts)
  const open = needed.filter((step) => before.get(step)?.outcome !== 'holds')
  if (open.length === 0 && refusal === undefined) {
    const seconds = foundIn(facts.stack.alias)?.sessionSeconds
    return holds(`the credentials provider gives credentials of ${facts.names.roleName} for ${seconds} seconds`)
  }
  const isWaiting = [...before.values()].every(({ outcome }) => outcome === 'holds' || outcome === 'waiting')
  const answer = isWaiting ? waits : isUnknown
  if (facts.certificateId === undefined) return answer('there is no certificate to ask for credentials with')
  if (isWaiting) return waits(`until then the device would see ${refusal ?? 'an error'}`)
  return isUnknown(
    refusal === undefined ? `this needs ${open.join(', ')} to hold` : `until that is mended the device sees ${refusal}`,
  )
}

/** In the order in which the provider looks, as far as it was seen; the words are its own. */
function findRefusal(facts: Facts): string | undefined {
  const { names, certificateId = '', certificate, thing, stack } = facts
  const status = foundIn(certificate.iot)?.status
  if ('found' in certificate.iot && status !== 'ACTIVE') return '403 "Certificate is invalid on this endpoint"'
  const attached = foundIn(thing.attached)
  if ('found' in thing.attached && !attached?.includes(certificateId)) return '403 "Invalid thing name passed"'
  const policies = foundIn(certificate.policies)
  const lacksPolicy = 'found' in certificate.policies && !policies?.includes(names.devicePolicy)
  const policy = foundIn(stack.policy)
  if (lacksPolicy || ('found' in stack.policy && !allowsAction(policy, 'iot:AssumeRoleWithCertificate'))) {
    return '403 "Access Denied"'
  }
  const alias = foundIn(stack.alias)
  if ('found' in stack.alias && !alias) return '404 "Role alias does not exist"'
  const role = foundIn(stack.role)
  if ('found' in stack.role && !trustsCredentialsProvider(role?.trust)) {
    return '400 "Unable to assume the role, or the role to assume does not exist"'
  }
  if (alias && role && alias.sessionSeconds > role.maxSessionSeconds) {
    return '400 "The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for the role"'
  }
  return findDenial(facts) === undefined ? undefined : 'credentials to which S3 and the API answer 403 "AccessDenied"'
}
