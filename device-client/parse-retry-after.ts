/** What stands before a service may ask for any time, and nobody waits for a day. */
const longestSeconds = 900

/** For how many seconds an answer asks to be left alone. Its other form, a date, is passed over, as this machine's clock may be wrong. */
export function parseRetryAfter({
  'retry-after': text = '',
}: Readonly<Partial<Record<string, string>>>): number | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), longestSeconds) : undefined
}
