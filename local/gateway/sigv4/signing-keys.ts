import { computeMac, createMacKey, type MacKey } from './mac-key.ts'

/** What a signature is good for: a day (`20260102`), a region and a service. */
export interface CredentialScope {
  readonly date: string
  readonly region: string
  readonly service: string
}

const MAX_CACHED_KEYS = 1000

export function formatScope({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}/aws4_request`
}

/** The key that signs for one scope ("Create a signed AWS API request", step 3). */
export function deriveSigningKey(secretAccessKey: string, { date, region, service }: CredentialScope): MacKey {
  let key = createMacKey(`AWS4${secretAccessKey}`)
  for (const part of [date, region, service, 'aws4_request']) key = createMacKey(computeMac(key, part))
  return key
}

/** deriveSigningKey that remembers the newest keys: a client signs all day with the same one. */
export function createSigningKeys(): (secretAccessKey: string, scope: CredentialScope) => MacKey {
  const keys = new Map<string, MacKey>()
  return (secretAccessKey, scope) => {
    const id = `${secretAccessKey}\n${formatScope(scope)}`
    const known = keys.get(id)
    if (known) return known
    const key = deriveSigningKey(secretAccessKey, scope)
    const [oldest] = keys.keys()
    if (keys.size >= MAX_CACHED_KEYS && oldest !== undefined) keys.delete(oldest)
    keys.set(id, key)
    return key
  }
}
