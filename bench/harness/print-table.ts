import { availableParallelism, cpus, loadavg } from 'node:os'

/** A line of a benchmark's table; the goals are those of the embedded cloud's numbers. */
export interface Row {
  readonly what: string
  readonly ours: string
  /** The peer or the floor, and what it is. */
  readonly peer?: string
  readonly ratio?: number
  readonly goal?: { readonly text: string; readonly isMet: boolean }
}

/** Prints a table that is also Markdown, under the machine and the load that it was measured on. */
export function printTable(title: string, rows: readonly Row[]): void {
  const head = ['what', 'ours', 'peer', 'ratio', 'goal', '']
  const cells = rows.map(({ what, ours, peer = '', ratio, goal }) => [
    what,
    ours,
    peer,
    ratio === undefined ? '' : ratio.toFixed(2),
    goal?.text ?? '',
    goal === undefined ? '' : goal.isMet ? 'pass' : 'miss',
  ])
  const widths = head.map((name, column) =>
    Math.max(3, ...[head, ...cells].map((row) => row[column]?.length ?? 0), name.length),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  const load = loadavg()
    .map((average) => average.toFixed(1))
    .join(' ')
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.versions.node}, load ${load}`
  process.stdout.write(`\n${title} (${machine})\n\n${[line(head), rule, ...cells.map(line)].join('\n')}\n`)
}
