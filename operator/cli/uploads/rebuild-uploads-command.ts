import { type Command, Option } from 'commander'
import type { RebuildUploadsRequest, UploadDifference } from '#contract/upload-log-api.ts'
import type { Operator } from '../../create-operator.ts'
import { OperatorError } from '../../operator-error.ts'
import { formatBytes } from '../../output/format-bytes.ts'
import { formatTime } from '../../output/format-time.ts'
import { createTally } from '../../output/tally.ts'
import {
  type Listing,
  type ListingFormat,
  listingFormats,
  type RowPage,
  writeListing,
} from '../../output/write-listing.ts'
import type { CommandContext } from '../command-context.ts'
import type { ConnectionOptions } from '../connect.ts'
import { parseDuration } from '../parse-duration.ts'

interface RebuildOptions extends ConnectionOptions {
  readonly write?: true
  /** Seconds. */
  readonly minAge?: number
  readonly cursor?: string
  readonly output: ListingFormat
}

type Counts = { compared: number; changed: number } & Record<UploadDifference['kind'], number>

const differences: Listing<UploadDifference> = {
  noun: 'differences',
  fields: ['kind', 'event', 'key', 'versionId', 'sizeBytes', 'etag', 'lastModified', 'row'],
  columns: [
    { heading: 'DIFFERENCE', cell: ({ kind }) => kind, isFixed: true },
    { heading: 'EVENT', cell: ({ event }) => event, isFixed: true },
    { heading: 'TIME', cell: ({ lastModified }) => formatTime(lastModified), isFixed: true },
    {
      heading: 'SIZE',
      cell: ({ sizeBytes }) => (sizeBytes === undefined ? '' : formatBytes(sizeBytes)),
      align: 'right',
      isFixed: true,
    },
    { heading: 'KEY', cell: ({ key }) => key },
  ],
}

const rebuildHelp = `
Differences: missing (the bucket has it, the log does not), unequal (size or ETag are not those of the row, which stays),
superfluous (a rebuilt row whose event came after all). --write adds the missing rows and takes the superfluous ones away.
Exits with 1 when a difference stays. Objects younger than --min-age are left out: their events may be on their way.

Examples:
  $ thingdrop uploads rebuild
  $ thingdrop uploads rebuild --write --output jsonl > differences.jsonl
`

export function addRebuildUploadsCommand(uploads: Command, context: CommandContext): void {
  uploads
    .command('rebuild')
    .description('compare the bucket with the log, and mend the log')
    .option('--write', 'write what is missing in the log')
    .addOption(new Option('--min-age <duration>', 'only objects that are so old (default: 15m)').argParser(parseAge))
    .option('--cursor <cursor>', 'go on where a rebuild was cut')
    .addOption(new Option('--output <format>', 'how to print differences').choices(listingFormats).default('table'))
    .addHelpText('after', rebuildHelp)
    .action((_, rebuild: Command) => rebuildUploads(rebuild.optsWithGlobals(), context))
}

async function rebuildUploads(options: RebuildOptions, context: CommandContext): Promise<void> {
  const { stdout, stderr, clock, connect, setExitCode } = context
  const write = options.write === true
  const operator = await connect(options)
  const counts: Counts = { compared: 0, changed: 0, missing: 0, unequal: 0, superfluous: 0 }
  const tally = createTally('compared', stderr, clock)
  const pages = async function* (): AsyncGenerator<RowPage<UploadDifference>> {
    for await (const page of readDifferences(operator, { write, minAgeSeconds: options.minAge }, options.cursor)) {
      counts.compared += page.compared
      counts.changed += page.changed
      for (const { kind } of page.differences) counts[kind]++
      yield { rows: page.differences }
      await tally.add(page.compared, undefined)
    }
  }
  try {
    await writeListing(pages(), differences, options.output, stdout)
  } finally {
    await tally.end()
  }
  await stderr.write(formatCounts(counts, write))
  if (counts.unequal > 0 || (!write && counts.missing + counts.superfluous > 0)) setExitCode(1)
}

async function* readDifferences(operator: Operator, wanted: RebuildUploadsRequest, start: string | undefined) {
  let cursor = start
  const pages = operator.uploads.rebuild({ ...wanted, cursor: start })
  for (;;) {
    const next = await pages.next().catch((error) => {
      throw cursor === start ? error : explainCut(error, cursor)
    })
    if (next.done) return
    yield next.value
    cursor = next.value.cursor
  }
}

function explainCut(error: unknown, cursor: string | undefined): OperatorError {
  return new OperatorError('PARTLY_DONE', 'the rebuild was cut', {
    details: [error instanceof Error ? error.message : String(error)],
    hint: `the same command with --cursor ${cursor} goes on`,
    cause: error,
  })
}

function formatCounts({ compared, changed, missing, unequal, superfluous }: Counts, write: boolean): string {
  const kinds = Object.entries({ missing, unequal, superfluous }).filter(([, count]) => count > 0)
  if (kinds.length === 0) return `${compared} compared: the log has them all\n`
  const found = kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')
  return `${compared} compared: ${found}${write ? `; ${changed} rows written or taken away` : '; --write mends the log'}\n`
}

function parseAge(text: string): number {
  return /^0[smhdw]?$/.test(text) ? 0 : parseDuration(text)
}
