import { type Command, Option } from 'commander'
import type { Upload } from '#contract/api.ts'
import { formatBytes } from '../output/format-bytes.ts'
import { formatTime } from '../output/format-time.ts'
import { type Listing, writeListing } from '../output/write-listing.ts'
import type { CommandContext } from './command-context.ts'
import { addListOptions, type ListOptions, pageRangeOf, writeRemark } from './list-options.ts'
import { parseDuration } from './parse-duration.ts'
import { parseTime } from './parse-time.ts'

interface ListUploadsOptions extends ListOptions {
  readonly thing?: string
  readonly from?: string
  readonly to?: string
  readonly state?: Exclude<Upload['event'], 'created' | 'removed'>
  /** Seconds. */
  readonly since?: number
}

const uploads: Listing<Upload> = {
  noun: 'uploads',
  fields: [
    'eventTime',
    'thingName',
    'event',
    'key',
    'sizeBytes',
    'versionId',
    'etag',
    'certificateId',
    'sourceIp',
    'sequencer',
    'loggedAt',
    'uploadId',
    'expiresAt',
    'reason',
  ],
  columns: [
    { heading: 'TIME', cell: ({ eventTime }) => formatTime(eventTime), isFixed: true },
    { heading: 'THING', cell: ({ thingName = '' }) => thingName },
    { heading: 'EVENT', cell: ({ event }) => event, isFixed: true },
    {
      heading: 'SIZE',
      cell: ({ sizeBytes }) => (sizeBytes === undefined ? '' : formatBytes(sizeBytes)),
      align: 'right',
      isFixed: true,
    },
    { heading: 'KEY', cell: ({ key }) => key },
  ],
}

const listHelp = `
Times are those of the S3 events: --from is included, --to is not.

Examples:
  $ thingdrop uploads list --thing press-1 --since 2h
  $ thingdrop uploads list --state expired --since 1d
  $ thingdrop uploads list --from 2026-03-01 --to 2026-04-01 --all --output csv > march.csv
`

export function addUploadsCommand(program: Command, context: CommandContext): void {
  const command = program.command('uploads').description('the log of every file that arrived')
  addListOptions(
    command
      .command('list')
      .option('--thing <name>', 'of one thing only')
      .addOption(
        new Option('--state <state>', 'uploads that a URL was issued for and that are not there, of the whole fleet')
          .choices(['issued', 'expired', 'refused', 'aborted'])
          .conflicts('thing'),
      )
      .option('--from <time>', 'from this time on', parseTime)
      .option('--to <time>', 'before this time', parseTime)
      .addOption(
        new Option('--since <duration>', 'from so long ago on: 90s, 30m, 2h, 1d')
          .argParser(parseDuration)
          .conflicts('from'),
      ),
  )
    .description('list the upload log, newest first')
    .addHelpText('after', listHelp)
    .action((_, list: Command) => listUploads(list.optsWithGlobals(), context))
}

async function listUploads(options: ListUploadsOptions, context: CommandContext): Promise<void> {
  const { stdout, stderr, clock, connect } = context
  const { thing, to, since, state } = options
  const from = since === undefined ? options.from : new Date(clock().getTime() - since * 1000).toISOString()
  const operator = await connect(options)
  const pages = async function* () {
    const read = operator.uploads.pages({ thing, state, from, to }, pageRangeOf(options))
    for await (const { uploads: rows, cursor } of read) yield { rows, cursor }
  }
  await writeRemark(await writeListing(pages(), uploads, options.output, stdout), uploads.noun, stderr)
}
