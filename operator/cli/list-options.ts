import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Out } from '../output/out.ts'
import { type ListingFormat, listingFormats, type Written } from '../output/write-listing.ts'
import type { PageRange } from '../read-pages.ts'
import type { ConnectionOptions } from './connect.ts'

/** What every list command takes. */
export interface ListOptions extends ConnectionOptions {
  readonly limit: number
  readonly all?: true
  readonly cursor?: string
  readonly output: ListingFormat
}

export function addListOptions(command: Command): Command {
  return command
    .addOption(new Option('--limit <rows>', 'stop after so many rows').argParser(parseLimit).default(100))
    .addOption(new Option('--all', 'list every row').conflicts('limit'))
    .option('--cursor <cursor>', 'go on where a list with --output json stopped')
    .addOption(new Option('--output <format>', 'how to print it').choices(listingFormats).default('table'))
}

export function pageRangeOf({ all, limit, cursor }: ListOptions): PageRange {
  return { limit: all ? Number.POSITIVE_INFINITY : limit, cursor }
}

/** Tells the person what the rows on stdout cannot: that there are none, or more. */
export async function writeRemark({ rowCount, cursor }: Written, noun: string, stderr: Out): Promise<void> {
  if (cursor !== undefined) await stderr.write(`${rowCount} ${noun}; more may follow: --limit ROWS, --all\n`)
  else if (rowCount === 0) await stderr.write(`no ${noun}\n`)
}

function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a number of rows, 1 or more.')
  return Number(text)
}
