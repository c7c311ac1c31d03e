/** An ISO 8601 time in UTC to the second, for people. */
export function formatTime(isoTime: string): string {
  return `${new Date(isoTime).toISOString().slice(0, 19)}Z`
}
