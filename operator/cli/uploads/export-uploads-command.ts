import { type Command, Option } from 'commander'
import type { Upload } from '#contract/upload-log-api.ts'
import type { Operator } from '../../create-operator.ts'
import { OperatorError } from '../../operator-error.ts'
import { formatTime } from '../../output/format-time.ts'
import type { Out } from '../../output/out.ts'
import { createTally } from '../../output/tally.ts'
import { type RowPage, writeListing } from '../../output/write-listing.ts'
import type { ListUploadsQuery } from '../../uploads.ts'
import type { CommandContext } from '../command-context.ts'
import type { ConnectionOptions } from '../connect.ts'
import { addUntilFilter, addUploadFilters, type UploadFilterOptions, uploadQueryOf } from './upload-filters.ts'
import { uploadListing } from './upload-listing.ts'

interface ExportOptions extends ConnectionOptions, UploadFilterOptions {
  readonly output: 'csv' | 'jsonl'
  readonly cursor?: string
}

const exportHelp = `
All rows, newest first, to standard output; how far it is to standard error. It ends before --until, or before the moment at
which it began, and says so: a next export --since that time goes on without a gap. S3's events may be a minute late, so
that --until 5m has every row. An export that is cut exits with another code than 0, and says how to go on.

Examples:
  $ thingdrop uploads export --since 2026-03-01 --until 2026-04-01 > march.csv
  $ thingdrop uploads export --thing press-1 --until 5m --output jsonl | gzip > press-1.jsonl.gz
`

export function addExportUploadsCommand(uploads: Command, context: CommandContext): void {
  addUntilFilter(addUploadFilters(uploads.command('export')))
    .description('write the upload log as CSV or JSON lines, however long it is')
    .addOption(new Option('--output <format>', 'how to write it').choices(['csv', 'jsonl']).default('csv'))
    .option('--cursor <cursor>', 'go on where an export was cut; CSV then comes without its head')
    .addHelpText('after', exportHelp)
    .action((_, command: Command) => exportUploads(command.optsWithGlobals(), context))
}

async function exportUploads(options: ExportOptions, context: CommandContext): Promise<void> {
  const { stdout, stderr, clock, connect } = context
  const { output, cursor } = options
  const operator = await connect(options)
  const query = { to: clock().toISOString(), ...withoutUndefined(uploadQueryOf(options, clock())) }
  const tally = createTally(uploadListing.noun, quietBeside(stdout, stderr), clock)
  const pages = readUploads(operator, query, cursor, (rows) => {
    const last = rows.at(-1)
    return tally.add(rows.length, last && `back to ${formatTime(last.eventTime)}`)
  })
  const listing = { ...uploadListing, isHeadless: cursor !== undefined }
  const out = { ...stdout, write: (text: string) => stdout.write(text).catch(explainWriteFailure) }
  try {
    const { rowCount } = await writeListing(pages, listing, output, out)
    await tally.end()
    const range = `${query.from === undefined ? '' : `from ${query.from} `}until ${query.to}`
    await stderr.write(`${rowCount} ${uploadListing.noun} ${range}\n`)
  } catch (error) {
    await tally.end()
    throw error
  }
}

/** Pages, each told of once it is taken. A failure after the first says how to go on. */
async function* readUploads(
  operator: Operator,
  query: ListUploadsQuery,
  start: string | undefined,
  tell: (rows: readonly Upload[]) => Promise<void>,
): AsyncGenerator<RowPage<Upload>> {
  let rowCount = 0
  let cursor: string | undefined
  const pages = operator.uploads.pages(query, { limit: Number.POSITIVE_INFINITY, cursor: start })
  for (;;) {
    const next = await pages.next().catch((error) => {
      throw cursor === undefined ? error : explainCut(error, rowCount, query, cursor)
    })
    if (next.done) return
    const { uploads: rows } = next.value
    yield { rows, cursor: next.value.cursor }
    rowCount += rows.length
    cursor = next.value.cursor
    await tell(rows)
  }
}

function explainCut(error: unknown, rowCount: number, { from, to }: ListUploadsQuery, cursor: string): OperatorError {
  const known = error instanceof OperatorError ? error : undefined
  const range = [...(from === undefined ? [] : [`--since ${from}`]), `--until ${to}`].join(' ')
  return new OperatorError('PARTLY_DONE', `the export was cut after ${rowCount} rows`, {
    details: [
      error instanceof Error ? `${known === undefined ? '' : `${known.code}: `}${error.message}` : String(error),
    ],
    hint: `the same command with ${range} --cursor ${cursor} writes the rest: append it with >>`,
    requestId: known?.requestId,
    cause: error,
  })
}

/** What was not written is no export, even where the reader has seen enough. */
function explainWriteFailure(error: NodeJS.ErrnoException): never {
  throw error.code === 'EPIPE'
    ? new OperatorError('PARTLY_DONE', 'the export was cut: its reader went away', { cause: error })
    : new OperatorError('FILE_UNWRITABLE', `the export was cut: it cannot be written: ${error.code}`, {
        hint: 'check the space that is left',
        cause: error,
      })
}

/** On a terminal that shows the rows themselves, a line that changes would stand among them. */
function quietBeside(stdout: Out, stderr: Out): Out {
  return stdout.isTerminal && stderr.isTerminal ? { ...stderr, write: async () => {} } : stderr
}

function withoutUndefined(query: ListUploadsQuery): ListUploadsQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}
