export interface ThrottleSettings {
  /** Tokens a second, and how many there can be. */
  readonly rate: number
  readonly burst: number
}

/** Token buckets by key: says whether one more request may pass. */
export function createThrottle(now: () => number) {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return (key: string, { rate, burst }: ThrottleSettings): boolean => {
    const atMs = now()
    const bucket = buckets.get(key) ?? { tokens: burst, atMs }
    const tokens = Math.min(burst, bucket.tokens + (Math.max(0, atMs - bucket.atMs) / 1000) * rate)
    const passes = tokens >= 1
    buckets.set(key, { tokens: passes ? tokens - 1 : tokens, atMs })
    return passes
  }
}
