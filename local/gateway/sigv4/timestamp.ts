/** SigV4 writes instants as `20260102T030405Z`. Undefined for what is none. */
export function parseTimestamp(text: string): string | undefined {
  return /^\d{8}T\d{6}Z$/.test(text) && !Number.isNaN(readInstant(text)) ? text : undefined
}

/** Milliseconds since the epoch. */
export function readInstant(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'))
}

export function formatTimestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}
