import { s3Error } from '../s3-error.ts'

export interface SizeLimits {
  readonly minBytes: number
  readonly maxBytes: number
}

const unconditional = new Set(['x-amz-signature', 'file', 'policy', 'awsaccesskeyid', 'signature'])

/**
 * Checks a form against its policy, and returns the limits on its file.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export function checkPostPolicy(
  base64: string,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  now: Date,
): SizeLimits {
  const { expiration, conditions } = parsePolicy(base64)
  if (!(Date.parse(expiration) > now.getTime())) throw refused('Policy expired.')
  const covered = new Set<string>()
  let limits: SizeLimits = { minBytes: 0, maxBytes: Number.POSITIVE_INFINITY }
  for (const condition of conditions.flatMap(normalize)) {
    const { operator, name, value } = condition
    if (operator === 'content-length-range') {
      limits = { minBytes: Number(name), maxBytes: Number(value) }
      continue
    }
    covered.add(name)
    const actual = name === 'bucket' ? bucket : (fields.get(name) ?? '')
    const holds = operator === 'eq' ? actual === value : startsWith(name, actual, value)
    if (!holds) throw refused(`Policy Condition failed: ["${operator}", "$${name}", "${value}"]`)
  }
  for (const name of fields.keys()) {
    if (covered.has(name) || unconditional.has(name) || name.startsWith('x-ignore-')) continue
    throw refused(`Extra input fields: ${name}`)
  }
  return limits
}

interface Condition {
  readonly operator: string
  readonly name: string
  readonly value: string
}

function parsePolicy(base64: string): { expiration: string; conditions: unknown[] } {
  try {
    const policy = JSON.parse(Buffer.from(base64, 'base64').toString()) as {
      expiration?: unknown
      conditions?: unknown
    }
    if (typeof policy.expiration === 'string' && Array.isArray(policy.conditions)) {
      return { expiration: policy.expiration, conditions: policy.conditions }
    }
  } catch {
    // Refused below, in S3's words.
  }
  throw s3Error('InvalidPolicyDocument')
}

/** `{"acl": "private"}`, `["eq", "$acl", "private"]`, `["content-length-range", 1, 10]`. */
function normalize(condition: unknown): Condition[] {
  if (Array.isArray(condition) && condition.length === 3) {
    const [operator, name, value] = condition.map(String) as [string, string, string]
    const lower = operator.toLowerCase()
    if (lower === 'content-length-range' && /^\d+$/.test(name) && /^\d+$/.test(value))
      return [{ operator: lower, name, value }]
    if ((lower === 'eq' || lower === 'starts-with') && name.startsWith('$')) {
      return [{ operator: lower, name: name.slice(1).toLowerCase(), value }]
    }
  } else if (typeof condition === 'object' && condition !== null && !Array.isArray(condition)) {
    return Object.entries(condition).map(([name, value]) => ({
      operator: 'eq',
      name: name.toLowerCase(),
      value: String(value),
    }))
  }
  throw s3Error('InvalidPolicyDocument', {}, { message: 'Invalid Policy: Invalid Condition.' })
}

/** A list of content types must match in each of its entries. */
function startsWith(name: string, actual: string, value: string): boolean {
  const entries = name === 'content-type' ? actual.split(',') : [actual]
  return entries.every((entry) => entry.startsWith(value))
}

function refused(reason: string): Error {
  return s3Error('AccessDenied', {}, { message: `Invalid according to Policy: ${reason}` })
}
