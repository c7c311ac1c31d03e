import type { PolicyDocument } from '#local/service.ts'

/** Condition keys whose fixed values make a grant to everyone one to someone. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status */
const narrowingKeys = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceip',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
])

/** Whether S3 calls the policy public: an Allow for everyone that no condition narrows to fixed values. */
export function isPublicPolicy(document: PolicyDocument): boolean {
  return list(document.Statement).some((statement) => {
    const { Effect, Principal, NotPrincipal, Condition } = statement as Record<string, unknown>
    return Effect === 'Allow' && (isEveryone(Principal) || NotPrincipal !== undefined) && !isNarrowed(Condition)
  })
}

function isEveryone(principal: unknown): boolean {
  if (principal === '*') return true
  return typeof principal === 'object' && principal !== null && list((principal as { AWS?: unknown }).AWS).includes('*')
}

function isNarrowed(condition: unknown): boolean {
  return Object.entries((condition ?? {}) as Record<string, Record<string, unknown>>).some(
    ([operator, keys]) =>
      /^(String(Equals|EqualsIgnoreCase|Like)|Arn(Equals|Like)|IpAddress)$/.test(operator) &&
      Object.entries(keys).some(([key, values]) => narrowingKeys.has(key.toLowerCase()) && list(values).every(isFixed)),
  )
}

/** Neither a wildcard nor a policy variable; an address range must leave something out. */
function isFixed(value: unknown): boolean {
  return typeof value === 'string' && !/[*?]|\$\{/.test(value) && !/^(0\.0\.0\.0|::)\/0$/.test(value)
}

function list(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}
