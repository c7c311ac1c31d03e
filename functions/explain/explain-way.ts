import { type Explanation, explainedSteps } from '#contract/explanation.ts'
import { explainCa } from './explain-ca.ts'
import { explainCertificate } from './explain-certificate.ts'
import { explainCredentials } from './explain-credentials.ts'
import { explainPolicy } from './explain-policy.ts'
import { explainRegistration } from './explain-registration.ts'
import { explainRole, explainRoleAlias } from './explain-role.ts'
import { explainThing } from './explain-thing.ts'
import { explainUpload } from './explain-upload.ts'
import type { Facts } from './facts.ts'
import type { Verdict } from './verdict.ts'

type StepName = (typeof explainedSteps)[number]

/** Walks a device's way from its CA to its newest file. Reads alone: no AWS. */
export function explainWay(facts: Facts, now: Date): Explanation['steps'] {
  const ca = explainCa(facts, now)
  const certificate = explainCertificate(facts, now)
  const registration = explainRegistration(facts, { ca, certificate }, now)
  const before: Omit<Record<StepName, Verdict>, 'credentials' | 'upload'> = {
    ca,
    certificate,
    registration,
    thing: explainThing(facts, registration),
    policy: explainPolicy(facts, registration),
    'role-alias': explainRoleAlias(facts),
    role: explainRole(facts),
  }
  const credentials = explainCredentials(facts, new Map(Object.entries(before) as [StepName, Verdict][]))
  const verdicts = { ...before, credentials, upload: explainUpload(facts, credentials, now) }
  return explainedSteps.map((step) => ({ step, ...verdicts[step] }))
}
