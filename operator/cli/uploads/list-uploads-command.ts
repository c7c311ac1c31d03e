import type { Command } from 'commander'
import { writeListing } from '../../output/write-listing.ts'
import type { CommandContext } from '../command-context.ts'
import { addListOptions, type ListOptions, pageRangeOf, writeRemark } from '../list-options.ts'
import { addUntilFilter, addUploadFilters, type UploadFilterOptions, uploadQueryOf } from './upload-filters.ts'
import { uploadListing } from './upload-listing.ts'

const listHelp = `
Without --state: what S3 told, files that came and went. With one: arrived, removed, or an upload URL that was issued and is
open (issued), that nothing came by in time (expired, missing), whose file S3 refused, or that the device aborted.
Times are those of the S3 events or of the last change: --since is included, --until is not.

Examples:
  $ thingdrop uploads list --thing press-1 --since 2h
  $ thingdrop uploads list --state missing --since 1d
  $ thingdrop uploads list --prefix things/press-1/2026-03-01/ --all --output jsonl
`

export function addListUploadsCommand(uploads: Command, context: CommandContext): void {
  addListOptions(addUntilFilter(addUploadFilters(uploads.command('list'))))
    .description('list the upload log, newest first')
    .addHelpText('after', listHelp)
    .action((_, list: Command) => listUploads(list.optsWithGlobals(), context))
}

async function listUploads(options: ListOptions & UploadFilterOptions, context: CommandContext): Promise<void> {
  const { stdout, stderr, clock, connect } = context
  const operator = await connect(options)
  const pages = async function* () {
    const read = operator.uploads.pages(uploadQueryOf(options, clock()), pageRangeOf(options))
    for await (const { uploads: rows, cursor } of read) yield { rows, cursor }
  }
  await writeRemark(await writeListing(pages(), uploadListing, options.output, stdout), uploadListing.noun, stderr)
}
