import { type Command, Option } from 'commander'
import type { UploadStat } from '#contract/stats-api.ts'
import { formatBytes } from '../output/format-bytes.ts'
import { type Listing, type ListingFormat, listingFormats, writeListing } from '../output/write-listing.ts'
import type { CommandContext } from './command-context.ts'
import type { ConnectionOptions } from './connect.ts'
import { parseDay } from './parse-day.ts'

interface UploadStatsOptions extends ConnectionOptions {
  readonly thing?: string
  readonly from?: string
  readonly to?: string
  readonly output: ListingFormat
}

const uploadStats: Listing<UploadStat> = {
  noun: 'stats',
  fields: ['day', 'thingName', 'arrived', 'arrivedBytes', 'removed'],
  columns: [
    { heading: 'DAY', cell: ({ day }) => day, isFixed: true },
    { heading: 'THING', cell: ({ thingName = '' }) => thingName },
    { heading: 'FILES', cell: ({ arrived }) => String(arrived), align: 'right', isFixed: true },
    { heading: 'SIZE', cell: ({ arrivedBytes }) => formatBytes(arrivedBytes), align: 'right', isFixed: true },
    { heading: 'REMOVED', cell: ({ removed }) => String(removed), align: 'right', isFixed: true },
  ],
}

const uploadsHelp = `
Counted from the rows of the log. Days are those of UTC, --from and --to are both included: the last seven when not given.

Examples:
  $ thingdrop stats uploads
  $ thingdrop stats uploads --thing press-1 --from 2026-03-01 --to 2026-03-31 --output csv > march.csv
`

export function addStatsCommand(program: Command, context: CommandContext): void {
  const stats = program.command('stats').description('counts')
  stats
    .command('uploads')
    .description('count files and bytes for each thing and day')
    .option('--thing <name>', 'of one thing only')
    .option('--from <day>', 'from this UTC day on', parseDay)
    .option('--to <day>', 'to this UTC day', parseDay)
    .addOption(new Option('--output <format>', 'how to print it').choices(listingFormats).default('table'))
    .addHelpText('after', uploadsHelp)
    .action((_, uploads: Command) => countUploads(uploads.optsWithGlobals(), context))
}

async function countUploads(options: UploadStatsOptions, { stdout, stderr, connect }: CommandContext): Promise<void> {
  const { thing, from, to } = options
  const operator = await connect(options)
  const rows = await operator.stats.uploads({ thing, from, to })
  const pages = async function* () {
    yield { rows }
  }
  await writeListing(pages(), uploadStats, options.output, stdout)
  const files = rows.reduce((sum, { arrived }) => sum + arrived, 0)
  const bytes = rows.reduce((sum, { arrivedBytes }) => sum + arrivedBytes, 0)
  await stderr.write(rows.length === 0 ? 'no uploads\n' : `${files} files, ${formatBytes(bytes)}\n`)
}
