import { limitExceeded } from '../iam-errors.ts'
import { compilePolicy } from '../policy/compile-policy.ts'
import { requireText } from './check-text.ts'

/** The text of an identity policy. Throws MalformedPolicyDocument when it cannot be used. */
export function requireDocument(input: { PolicyDocument?: unknown }): string {
  const text = requireText(input, 'PolicyDocument')
  compilePolicy(text, 'identity')
  return text
}

/** IAM does not count white space. */
export function checkSize(documents: readonly string[], max: number, message: string): void {
  const size = documents.reduce((sum, text) => sum + text.replace(/\s/g, '').length, 0)
  if (size > max) throw limitExceeded(message)
}

/** IAM answers with documents that are percent-encoded by RFC 3986. */
export function encodeDocument(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
