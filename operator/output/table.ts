import { displayWidth, fitWidth } from './display-width.ts'
import { terminalSafe } from './terminal-safe.ts'

export interface Column<Row> {
  readonly heading: string
  readonly cell: (row: Row) => string
  readonly align?: 'right'
  /** Never shortened: half a time or a state says nothing. */
  readonly isFixed?: true
  /** Colours a padded cell; only asked when colours are on. */
  readonly paint?: (cell: string, row: Row) => string
}

export interface TableOptions {
  /** The terminal's width; without it nothing is shortened. */
  readonly maxWidth: number | undefined
  readonly colours: boolean
}

const gap = '  '
const minWidth = 6

/**
 * Writes page after page of one table. The first page sets the widths, so that a table of any length goes out as it
 * comes; a later cell that is wider is shortened on a terminal and pushes its line out elsewhere.
 */
export function createTableFormatter<Row>(columns: readonly Column<Row>[], { maxWidth, colours }: TableOptions) {
  let widths: readonly number[] | undefined

  const formatLine = (cells: readonly string[], row?: Row) =>
    columns
      .map(({ align, paint }, index) => {
        const width = widths?.[index] ?? 0
        const cell = maxWidth === undefined ? (cells[index] ?? '') : fitWidth(cells[index] ?? '', width)
        const blank = ' '.repeat(Math.max(width - displayWidth(cell), 0))
        const padded = align === 'right' ? blank + cell : cell + blank
        return colours && paint && row !== undefined ? paint(padded, row) : padded
      })
      .join(gap)
      .trimEnd()

  return (rows: readonly Row[]): string => {
    const lines = rows.map((row) => columns.map(({ cell }) => terminalSafe(cell(row))))
    const head: string[] = []
    if (widths === undefined) {
      const headings = columns.map(({ heading }) => heading)
      widths = fitColumns(columns, widestCells([headings, ...lines]), maxWidth)
      head.push(formatLine(headings))
    }
    return [...head, ...lines.map((cells, index) => formatLine(cells, rows[index]))].map((line) => `${line}\n`).join('')
  }
}

function widestCells(lines: readonly (readonly string[])[]): number[] {
  const widths: number[] = []
  for (const line of lines) {
    for (const [index, cell] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell))
  }
  return widths
}

/** Takes from the widest column that may be shortened, cell by cell, until the table fits or none can give more. */
function fitColumns<Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  maxWidth = Number.POSITIVE_INFINITY,
): readonly number[] {
  const widths = [...natural]
  let excess = widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1)) - maxWidth
  for (; excess > 0; excess--) {
    const givable = widths.map((width, index) => (columns[index]?.isFixed ? 0 : width))
    const widest = Math.max(...givable)
    if (widest <= minWidth) break
    widths[givable.lastIndexOf(widest)] = widest - 1
  }
  return widths
}
