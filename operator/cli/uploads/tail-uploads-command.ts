import { type Command, Option } from 'commander'
import { terminalSafe } from '../../output/terminal-safe.ts'
import { type ListingFormat, writeListing } from '../../output/write-listing.ts'
import type { CommandContext } from '../command-context.ts'
import type { ConnectionOptions } from '../connect.ts'
import { parseDuration } from '../parse-duration.ts'
import { followUploads } from './follow-uploads.ts'
import { isPassing } from './is-passing.ts'
import { addUploadFilters, type UploadFilterOptions, uploadQueryOf } from './upload-filters.ts'
import { uploadListing } from './upload-listing.ts'

interface TailOptions extends ConnectionOptions, UploadFilterOptions {
  readonly follow?: true
  /** Seconds. */
  readonly interval: number
  readonly output: Exclude<ListingFormat, 'json'>
}

const defaultSince = { agoSeconds: 600 }

const tailHelp = `
Oldest first. With --follow it stays and prints each new row once, until Ctrl-C, and goes on through what passes. A row whose
event comes more than two minutes late is not seen any more; export has it.

Examples:
  $ thingdrop uploads tail --since 1h
  $ thingdrop uploads tail --follow --thing press-1 --output jsonl
`

export function addTailUploadsCommand(uploads: Command, context: CommandContext): void {
  addUploadFilters(uploads.command('tail'))
    .description('print the newest rows of the upload log, and those that come')
    .option('--follow', 'wait for more')
    .addOption(new Option('--interval <duration>', 'how often to look').argParser(parseDuration).default(2, '2s'))
    .addOption(new Option('--output <format>', 'how to print them').choices(['table', 'jsonl', 'csv']).default('table'))
    .addHelpText('after', tailHelp)
    .action((_, tail: Command) => tailUploads(tail.optsWithGlobals(), context))
}

async function tailUploads(options: TailOptions, context: CommandContext): Promise<void> {
  const { stdout, stderr, clock, connect, pause } = context
  const { follow, interval, output } = options
  const operator = await connect(options)
  const interrupted = follow ? context.onInterrupt() : undefined
  const { from, ...query } = uploadQueryOf({ since: defaultSince, ...options }, clock())
  const readFrom = async function* (isoTime: string) {
    for await (const { uploads } of operator.uploads.pages({ ...query, from: isoTime })) {
      if (interrupted?.aborted) return
      yield uploads
    }
  }
  const pages = async function* () {
    const batches = followUploads({
      readFrom,
      since: from ?? '',
      isDue: async () => interrupted !== undefined && pause(interval * 1000, interrupted),
      async pardon(error, inRow) {
        if (!follow || !isPassing(error)) throw error
        if (inRow === 1) await stderr.write(`${terminalSafe(`${error.code}: ${error.message}`)}; trying again\n`)
      },
    })
    for await (const rows of batches) yield { rows }
  }
  await writeListing(pages(), uploadListing, output, stdout)
}
