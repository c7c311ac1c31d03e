import { parseAfterUpload, watchOptions } from './agent-settings.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { retryingOf } from './retrying.ts'
import { startSyncReport } from './sync-report.ts'
import { transferOptions } from './transfer-options.ts'
import { UsageError } from './usage-error.ts'

const { include, exclude, 'delete-after': deleteAfter, 'move-to': moveTo } = watchOptions

export const sync: Command = {
  summary: 'send what is new or changed below a directory to S3',
  usage: 'DIR [--include GLOB]… [--exclude GLOB]… [--min-age SECONDS] [--delete-after | --move-to DIR] [--dry-run]',
  description: `Sends each regular file below DIR once, as upload does, and goes on where the last sync was cut short. The key
ends in the file's name; its path below DIR is kept as the object's metadata "path", percent-encoded.
Symbolic links, pipes, sockets and devices are skipped, and so is the folder of the device. Nothing is ever
removed at S3. Only one sync of a directory runs at a time.

A GLOB with a slash is matched against the path below DIR, any other against the name alone: '*.csv',
'logs/**', '{a,b}-?.bin'. A leading dot is to be spelled out: '.*'. What --exclude matches is left out whatever
--include says.

Prints a line for each file that S3 now has; on a terminal the progress, elsewhere a line a minute on
standard error. The exit code is 1 when any file was not sent. A failure that would befall the other files too
ends the sync, such as S3 being out of reach for as long as --timeout.`,
  options: {
    ...(include && { include }),
    ...(exclude && { exclude }),
    'min-age': {
      value: 'SECONDS',
      env: 'THINGDROP_MIN_AGE',
      least: 0,
      help: 'leave files that were changed more lately for the next time',
    },
    ...(deleteAfter && { 'delete-after': deleteAfter }),
    ...(moveTo && { 'move-to': moveTo }),
    'dry-run': { help: 'only print which files would be sent' },
    ...transferOptions,
    output: {
      value: 'FORMAT',
      env: 'THINGDROP_OUTPUT',
      fallback: 'text',
      choices: ['text', 'jsonl'],
      help: 'text: path, key and bytes of each file; jsonl: one JSON object for each, and one of the counts',
    },
    ...commonOptions,
  },
  example: `thingdrop-device sync /var/log/press --exclude '*.tmp' --min-age 60
  # crontab: */5 * * * * thingdrop-device sync /data/out --delete-after`,

  async run(context) {
    const { device, options, operands } = context
    const [directory] = operands
    if (directory === undefined || operands.length > 1) throw new UsageError('sync needs one DIR')
    const isText = options.choice('output') === 'text'
    const dryRun = options.isSet('dry-run')
    const minAgeSeconds = options.number('min-age')
    device.configuration()
    const report = startSyncReport(context, { isText, dryRun })
    try {
      const summary = await device.sync(
        directory,
        {
          include: options.texts('include'),
          exclude: options.texts('exclude'),
          minAgeSeconds,
          ...parseAfterUpload(options),
          dryRun,
          ...report,
        },
        { ...retryingOf(context), onRetry: report.onRetry },
      )
      report.conclude(summary)
      return summary.failed > 0 ? 1 : 0
    } finally {
      report.stop()
    }
  },
}
