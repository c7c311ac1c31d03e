import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseObjectKey } from '#contract/object-key.ts'
import { formatSafeJson } from '../../output/terminal-safe.ts'
import { writeRecord } from '../../output/write-record.ts'
import { type AnswerOptions, addAnswerOptions } from '../answer-options.ts'
import type { CommandContext } from '../command-context.ts'
import { parseDuration } from '../parse-duration.ts'
import { checkKey, findUpload } from './find-upload.ts'
import { safeFileName } from './safe-file-name.ts'

interface DownloadOptions extends AnswerOptions {
  readonly thing?: string
  readonly out?: string
  readonly force?: true
  readonly url?: true
  /** Seconds. */
  readonly expiresIn?: number
}

const longestSeconds = 900

const downloadHelp = `
Without --out into this folder, by the name that the device gave the file, without what could do harm in a name. No file is
written over without --force, and none is there before it is whole. The URL of --url gives the file to whoever has it.

Examples:
  $ thingdrop uploads download 0123456789abcdef
  $ thingdrop uploads download things/press-1/2026-03-01/0123456789abcdef-load.csv --out load.csv --force
  $ curl -o load.csv "$(thingdrop uploads download 0123456789abcdef --url --expires-in 5m)"
`

export function addDownloadUploadCommand(uploads: Command, context: CommandContext): void {
  addAnswerOptions(uploads.command('download').argument('<upload>', 'upload id or key'))
    .description("get an upload's file, or a URL for it")
    .option('--thing <name>', 'whose it is, where two things have an upload of that id')
    .option('--out <file>', 'write it here, or into this folder', parseOut)
    .option('--force', 'take the place of a file that is there')
    .addOption(new Option('--url', 'print a URL instead').conflicts(['out', 'force']))
    .addOption(
      new Option('--expires-in <duration>', 'how long the URL may be used, at most 15m').argParser(parseLifetime),
    )
    .addHelpText('after', downloadHelp)
    .action((subject: string, _, download: Command) => downloadUpload(subject, download.optsWithGlobals(), context))
}

async function downloadUpload(subject: string, options: DownloadOptions, { stdout, connect }: CommandContext) {
  const { output, expiresIn } = options
  const found = findUpload(subject, options.thing)
  const operator = await connect(options)
  const request = { thing: found.thing, ...(expiresIn !== undefined && { seconds: expiresIn }) }
  const download = checkKey(await operator.uploads.download(found.uploadId, request), found)
  if (options.url) return stdout.write(`${output === 'json' ? formatSafeJson(download) : download.url}\n`)
  const { uploadId, key, sizeBytes } = download
  const { saveUrl } = await import('./save-url.ts')
  const file = await chooseFile(options.out, parseObjectKey(key)?.name ?? uploadId)
  await saveUrl(new URL(download.url), file, { force: options.force === true, sizeBytes })
  const { size } = await stat(file)
  await writeRecord({ file, sizeBytes: size, key, uploadId }, ['file', 'sizeBytes', 'key'], output, stdout)
}

async function chooseFile(out: string | undefined, name: string): Promise<string> {
  if (out === undefined) return safeFileName(name)
  const isFolder = await stat(out).then(
    (found) => found.isDirectory(),
    () => false,
  )
  return isFolder ? join(out, safeFileName(name)) : out
}

/** Standard output is for text here. */
function parseOut(path: string): string {
  if (path !== '-') return path
  throw new InvalidArgumentError('To print the file, give the URL of --url to curl.')
}

function parseLifetime(text: string): number {
  const seconds = parseDuration(text)
  if (seconds <= longestSeconds) return seconds
  throw new InvalidArgumentError('Give at most 15m.')
}
