const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** `3 hours`, in the largest unit of which there are at least two; below two minutes, seconds. */
export function formatDuration(ms: number): string {
  const [unit, unitMs] = units.find(([, unitMs]) => ms >= 2 * unitMs) ?? ['second', 1000]
  const count = Math.max(0, Math.floor(ms / unitMs))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** Words of an operator, as such. */
export function quote(text: string): string {
  return JSON.stringify(text)
}
