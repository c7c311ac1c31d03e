import type { Command } from 'commander'
import type { ShowUploadResponse } from '#contract/upload-log-api.ts'
import type { Out } from '../../output/out.ts'
import { writeListing } from '../../output/write-listing.ts'
import { writeRecord } from '../../output/write-record.ts'
import { type AnswerOptions, addAnswerOptions } from '../answer-options.ts'
import type { CommandContext } from '../command-context.ts'
import { checkKey, findUpload } from './find-upload.ts'
import { uploadListing } from './upload-listing.ts'

interface ShowUploadOptions extends AnswerOptions {
  readonly thing?: string
}

const showHelp = `
What its URL was issued for, if one was, and all that S3 told of its key, newest first.

Examples:
  $ thingdrop uploads show 0123456789abcdef
  $ thingdrop uploads show things/press-1/2026-03-01/0123456789abcdef-load.csv --output json
`

export function addShowUploadCommand(uploads: Command, context: CommandContext): void {
  addAnswerOptions(uploads.command('show').argument('<upload>', 'upload id or key'))
    .description('show all that is known of one upload')
    .option('--thing <name>', 'whose it is, where two things have an upload of that id')
    .addHelpText('after', showHelp)
    .action((subject: string, _, show: Command) => showUpload(subject, show.optsWithGlobals(), context))
}

async function showUpload(subject: string, options: ShowUploadOptions, { stdout, connect }: CommandContext) {
  const found = findUpload(subject, options.thing)
  const operator = await connect(options)
  const { thing } = found
  const shown = checkKey(await operator.uploads.show(found.uploadId, { thing }), found)
  if (options.output === 'json') return writeRecord(shown, [], 'json', stdout)
  await writeUpload(shown, stdout)
}

async function writeUpload({ events, issued, ...upload }: ShowUploadResponse, out: Out): Promise<void> {
  const fields = [
    'uploadId',
    'thingName',
    'key',
    'state',
    'reason',
    'way',
    'sizeBytes',
    'contentType',
    'crc32',
    'sha256',
    'certificateId',
    'issuedAt',
    'expiresAt',
    'changedAt',
  ] as const
  await writeRecord({ ...issued, ...upload }, fields, 'table', out)
  if (events.length === 0) return
  await out.write('\n')
  const pages = async function* () {
    yield { rows: events }
  }
  await writeListing(pages(), uploadListing, 'table', out)
}
