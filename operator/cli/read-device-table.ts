import type { ZodError } from 'zod'
import { OperatorError } from '../operator-error.ts'
import { readTextFile } from './read-text-file.ts'

/** One device of a CSV file. */
export interface DeviceRow<Column extends string> {
  readonly line: number
  readonly cells: Readonly<Partial<Record<Column, string>>>
  readonly attributes: Readonly<Record<string, string>>
}

export interface TableFault {
  readonly line: number
  readonly column?: string
  readonly message: string
}

export interface DeviceTable<Column extends string> {
  readonly rows: readonly DeviceRow<Column>[]
  readonly faults: readonly TableFault[]
}

const attributePrefix = 'attribute:'

/**
 * Reads a CSV file (RFC 4180, UTF-8) whose header names the columns: `thing`, others of `columns`, and `attribute:NAME`.
 * Empty cells are as if they were not there. Throws FILE_UNREADABLE, and CSV_INVALID when it is no table.
 */
export async function readDeviceTable<Column extends string>(
  path: string,
  columns: readonly Column[],
): Promise<DeviceTable<Column>> {
  const [header, ...records] = await readRecords(path)
  if (header === undefined) throw csvInvalid(path, [{ line: 1, message: 'the header is missing' }])
  const faults = [...checkHeader(header, columns)]
  const isKnown = (name: string): name is Column => (columns as readonly string[]).includes(name)
  const rows = records.map(({ line, cells: values }) => {
    const cells: Partial<Record<Column, string>> = {}
    const attributes: Record<string, string> = {}
    if (values.length !== header.cells.length) {
      faults.push({ line, message: `${values.length} cells, and the header has ${header.cells.length}` })
    }
    for (const [index, value] of values.entries()) {
      const name = header.cells[index] ?? ''
      if (value === '') continue
      if (isKnown(name)) cells[name] = value
      else if (name.startsWith(attributePrefix)) attributes[name.slice(attributePrefix.length)] = value
    }
    return { line, cells, attributes }
  })
  return { rows, faults }
}

export function csvInvalid(path: string, faults: readonly TableFault[]): OperatorError {
  const inOrder = faults.toSorted((a, b) => a.line - b.line)
  return new OperatorError('CSV_INVALID', `nothing was done, as ${path} is not right:`, {
    details: inOrder.map(({ line, column, message }) => {
      return `line ${line}${column === undefined ? '' : `, column ${column}`}: ${message}`
    }),
  })
}

/** What the contract has against a row, by the columns that its members come from. */
export function faultsOf(
  { issues }: ZodError,
  line: number,
  columnOf: Readonly<Record<string, string>>,
): readonly TableFault[] {
  return issues.map(({ path: [member, name], message }) => {
    const column = member === 'attributes' ? `${attributePrefix}${String(name ?? '')}` : columnOf[String(member)]
    return { line, ...(column !== undefined && { column }), message }
  })
}

/** Each thing once. `sameFolder` takes names that differ by case for one, as many file systems do. */
export function findRepetitions(
  rows: readonly DeviceRow<'thing'>[],
  { sameFolder = false }: { sameFolder?: boolean } = {},
): readonly TableFault[] {
  const seen = new Map<string, DeviceRow<'thing'>>()
  const faults: TableFault[] = []
  for (const row of rows) {
    const { thing = '' } = row.cells
    const name = sameFolder ? thing.toLowerCase() : thing
    const first = seen.get(name)
    if (first === undefined) seen.set(name, row)
    else {
      const what = first.cells.thing === thing ? 'is' : 'differs only by case from the thing'
      faults.push({ line: row.line, column: 'thing', message: `${thing} ${what} in line ${first.line}` })
    }
  }
  return faults
}

interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
}

async function readRecords(path: string): Promise<CsvRecord[]> {
  const [{ CsvError, parse }, text] = await Promise.all([import('csv-parse/sync'), readTextFile(path)])
  try {
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true }
    // The types do not know what `info` makes of a record.
    const parsed = parse(text, options) as unknown as { info: { lines: number }; record: string[] }[]
    return parsed.map(({ info, record }) => ({ line: info.lines, cells: record }))
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw csvInvalid(path, [{ line: Number(cause.lines ?? 1), message: cause.message }])
  }
}

function checkHeader({ line, cells }: CsvRecord, columns: readonly string[]): readonly TableFault[] {
  const faults = cells.flatMap((name, index): TableFault[] => {
    if (cells.indexOf(name) !== index) return [{ line, column: name, message: 'stands there twice' }]
    if (columns.includes(name) || (name.startsWith(attributePrefix) && name !== attributePrefix)) return []
    return [{ line, column: name, message: `is none of ${columns.join(', ')}, ${attributePrefix}NAME` }]
  })
  return cells.includes('thing') ? faults : [...faults, { line, message: 'the column thing is missing' }]
}
