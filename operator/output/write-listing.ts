import { formatCsvRecord } from './csv.ts'
import type { Out } from './out.ts'
import { type Column, createTableFormatter } from './table.ts'
import { formatSafeJson, terminalSafe } from './terminal-safe.ts'

export const listingFormats = ['table', 'json', 'jsonl', 'csv'] as const
export type ListingFormat = (typeof listingFormats)[number]

/** How the rows of one noun are shown. */
export interface Listing<Row> {
  /** Their name in the JSON document. */
  readonly noun: string
  /** The fields of a CSV record, in order. */
  readonly fields: readonly (keyof Row & string)[]
  /** What a person wants to see of them. */
  readonly columns: readonly Column<Row>[]
  /** CSV that goes on another's end. */
  readonly isHeadless?: boolean
}

export interface RowPage<Row> {
  readonly rows: readonly Row[]
  readonly cursor?: string | undefined
}

export interface Written {
  readonly rowCount: number
  /** Where a next reading goes on; undefined when everything was read. */
  readonly cursor: string | undefined
}

/** Writes each page as it comes, in constant memory, and nothing before the first came: a refusal leaves `out` empty. */
export async function writeListing<Row>(
  pages: AsyncIterable<RowPage<Row>>,
  listing: Listing<Row>,
  format: ListingFormat,
  out: Out,
): Promise<Written> {
  const { start, formatRows, formatEnd } = createFormatter(listing, format, out)
  let rowCount = 0
  let cursor: string | undefined
  let head = start
  for await (const page of pages) {
    const text = head + (page.rows.length === 0 ? '' : formatRows(page.rows, rowCount === 0))
    if (text !== '') await out.write(text)
    head = ''
    rowCount += page.rows.length
    cursor = page.cursor
  }
  const end = formatEnd(cursor)
  if (end !== '') await out.write(end)
  return { rowCount, cursor }
}

interface Formatter<Row> {
  readonly start: string
  readonly formatRows: (rows: readonly Row[], areFirst: boolean) => string
  readonly formatEnd: (cursor: string | undefined) => string
}

function createFormatter<Row>(listing: Listing<Row>, format: ListingFormat, out: Out): Formatter<Row> {
  const { noun, fields, columns, isHeadless } = listing
  const nothing = () => ''
  switch (format) {
    case 'table': {
      const formatRows = createTableFormatter(columns, { maxWidth: out.width, colours: out.colours })
      return { start: '', formatRows, formatEnd: nothing }
    }
    case 'json':
      return {
        start: `{"${noun}":[`,
        formatRows: (rows, areFirst) => (areFirst ? '\n' : ',\n') + rows.map(formatSafeJson).join(',\n'),
        formatEnd: (cursor) => (cursor === undefined ? ']}\n' : `],"cursor":${formatSafeJson(cursor)}}\n`),
      }
    case 'jsonl':
      return {
        start: '',
        formatRows: (rows) => rows.map((row) => `${formatSafeJson(row)}\n`).join(''),
        formatEnd: nothing,
      }
    case 'csv': {
      // A file keeps what the log has; only a terminal must be spared.
      const cellOf = (value: unknown) => (out.isTerminal && typeof value === 'string' ? terminalSafe(value) : value)
      return {
        start: isHeadless ? '' : formatCsvRecord(fields),
        formatRows: (rows) => rows.map((row) => formatCsvRecord(fields.map((field) => cellOf(row[field])))).join(''),
        formatEnd: nothing,
      }
    }
  }
}
