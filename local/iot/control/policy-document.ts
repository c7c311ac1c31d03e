import { compilePolicy } from '#local/iam/policy/compile-policy.ts'
import { malformedPolicy } from './errors.ts'

/** Without white space: AWS IoT Core quotas. */
const maxCharacters = 2048

/** Throws MalformedPolicyException for what AWS IoT would not take. */
export function checkPolicyDocument(document: string): void {
  if (document.replaceAll(/\s/g, '').length > maxCharacters) {
    throw malformedPolicy(`The policy document is larger than ${maxCharacters} characters`)
  }
  try {
    compilePolicy(document)
  } catch (error) {
    throw malformedPolicy(`Policy document is Malformed: ${error instanceof Error ? error.message : error}`)
  }
}
