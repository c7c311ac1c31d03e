import type { FailedFile, UploadedFile } from '../upload-files.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { formatFileJson, formatFileText } from './format-file.ts'
import { retryingOf } from './retrying.ts'
import { transferOptions } from './transfer-options.ts'
import { UsageError } from './usage-error.ts'

export const upload: Command = {
  summary: 'send files to S3',
  usage: 'FILE… [--output text|jsonl] [--transfers N]',
  description: `Sends each file under a key of its own, things/THING/DAY/ID-NAME, and prints one line for each that S3 has.
A file is sent once: journal.db in the folder of the device knows what was sent, and goes on with what was
under way. A file that was changed, or has another path, is another file. One that changes while it is read
is not sent. Directories and symbolic links are refused. The exit code is 1 when any file was not sent; the
others are.`,
  options: {
    output: {
      value: 'FORMAT',
      env: 'THINGDROP_OUTPUT',
      fallback: 'text',
      choices: ['text', 'jsonl'],
      help: 'text: key, bytes and time of each file; jsonl: one JSON object for each, failures too',
    },
    ...transferOptions,
    ...commonOptions,
  },
  example: 'thingdrop-device upload /var/log/press/*.csv',

  async run(context) {
    const { device, options, operands, print, log, signal } = context
    if (operands.length === 0) throw new UsageError('upload needs at least one FILE')
    const isText = options.choice('output') === 'text'
    device.configuration()
    let failed = 0
    const onFile = (file: UploadedFile | FailedFile) => {
      if (file.outcome === 'failed') {
        failed++
        log(`${file.path}: ${file.error.code} ${file.error.message}`)
        if (file.error.hint !== undefined) log(`  ${file.error.hint}`)
      }
      if (!isText) print(formatFileJson(file))
      else if (file.outcome !== 'failed') print(formatFileText(file))
    }
    await device.uploadAll(operands, onFile, (path) => retryingOf(context, path), signal)
    if (failed > 0) log(`${failed} of ${operands.length} files were not sent`)
    return failed > 0 ? 1 : 0
  },
}
