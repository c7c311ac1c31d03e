import { type Facts, foundIn } from './facts.ts'
import { attachPolicy, restoreStack } from './mends.ts'
import { allowsAction } from './policy-documents.ts'
import { isRegistered } from './registered.ts'
import { breaks, findUntold, holds, isUnknown, type Verdict, waits } from './verdict.ts'

const neededActions = ['iot:Connect', 'iot:AssumeRoleWithCertificate']

/** Whether the stack's device policy is there, lets devices do what they must, and is attached to the certificate. */
export function explainPolicy(facts: Facts, registration: Verdict): Verdict {
  const { names, certificate, stack } = facts
  const policy = `the policy ${names.devicePolicy}`
  const untold = findUntold(stack.policy)
  if (untold) return untold
  const document = foundIn(stack.policy)
  if (document === undefined) return breaks(`${policy} is not there`, restoreStack)
  const missing = neededActions.filter((action) => !allowsAction(document, action))
  if (missing.length > 0) return breaks(`${policy} does not allow ${missing.join(' and ')}`, restoreStack)
  if (!isRegistered(facts)) {
    const finding = `registration attaches ${policy} to the certificate`
    return registration.outcome === 'waiting' ? waits(finding) : isUnknown(finding)
  }
  if (!foundIn(certificate.policies)?.includes(names.devicePolicy)) {
    const finding = `${policy} is not attached to the certificate`
    return findUntold(certificate.policies) ?? breaks(finding, attachPolicy(facts))
  }
  return holds(`${policy} is attached to the certificate`)
}
