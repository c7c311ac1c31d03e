import type { Out } from './out.ts'
import { formatSafeJson, terminalSafe } from './terminal-safe.ts'

export const recordFormats = ['table', 'json'] as const
export type RecordFormat = (typeof recordFormats)[number]

/** Writes one record: a line for each field that it has, named as in JSON, or the whole of it as JSON. */
export async function writeRecord<Row extends object>(
  record: Row,
  fields: readonly (keyof Row & string)[],
  format: RecordFormat,
  out: Out,
): Promise<void> {
  if (format === 'json') return out.write(`${formatSafeJson(record)}\n`)
  const width = Math.max(...fields.map((field) => field.length))
  const lines = fields
    .map((field) => [field, formatValue(record[field])] as const)
    .filter(([, value]) => value !== '')
    .map(([field, value]) => `${field.padEnd(width)}  ${terminalSafe(value)}\n`)
  return out.write(lines.join(''))
}

/** `site=oslo line=3` */
export function formatAttributes(attributes: Readonly<Record<string, unknown>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function formatValue(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.join(' ')
  return typeof value === 'object' ? formatAttributes({ ...value }) : String(value)
}
