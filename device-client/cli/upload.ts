import { Fault } from '#contract/fault.ts'
import { DeviceFault } from '../device-fault.ts'
import { runConcurrently } from '../run-concurrently.ts'
import type { UploadedFile } from '../upload-file.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { retryingOf } from './retrying.ts'
import { UsageError } from './usage-error.ts'

export const upload: Command = {
  summary: 'send files to S3',
  usage: 'FILE… [--output text|jsonl] [--concurrency N]',
  description: `Sends each file under a new key of its own, things/THING/DAY/ID-NAME, and prints one line for each that S3 has.
A file that changes while it is read is not sent. Directories and symbolic links are refused. The exit code
is 1 when any file was not sent; the others are.`,
  options: {
    output: {
      value: 'FORMAT',
      env: 'THINGDROP_OUTPUT',
      fallback: 'text',
      help: 'text: key, bytes and time of each file; jsonl: one JSON object for each, failures too',
    },
    concurrency: { value: 'N', env: 'THINGDROP_CONCURRENCY', fallback: '8', help: 'files sent at once' },
    ...commonOptions,
  },
  example: 'thingdrop-device upload /var/log/press/*.csv',

  async run(context) {
    const { device, options, operands, print, log, signal } = context
    if (operands.length === 0) throw new UsageError('upload needs at least one FILE')
    const isText = options.choice('output', ['text', 'jsonl']) === 'text'
    device.configuration()
    let failed = 0
    await runConcurrently(operands, options.number('concurrency', 1) ?? 1, async (path) => {
      try {
        const uploaded = await device.upload(path, retryingOf(context, path))
        print(isText ? formatText(uploaded) : formatJson(uploaded))
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
        failed++
        log(`${path}: ${error.code} ${error.message}`)
        if (error.hint !== undefined) log(`  ${error.hint}`)
        if (!isText) print(formatFailure(path, error))
      }
    })
    if (failed > 0) log(`${failed} of ${operands.length} files were not sent`)
    return failed > 0 ? 1 : 0
  },
}

function formatText({ key, sizeBytes, durationMs }: UploadedFile): string {
  return `${key}  ${sizeBytes} bytes  ${Math.round(durationMs)} ms`
}

function formatJson({ path, key, sizeBytes, durationMs }: UploadedFile): string {
  return JSON.stringify({ file: path, key, sizeBytes, durationMs: Math.round(durationMs) })
}

function formatFailure(path: string, { code, message, hint }: DeviceFault | Fault): string {
  return JSON.stringify({ file: path, error: { code, message, hint } })
}
