import type { RetryOptions } from '../retry.ts'
import type { SyncOptions, SyncSummary } from '../sync/sync-directory.ts'
import type { UploadedFile } from '../upload-files.ts'
import type { CommandContext } from './command.ts'
import { formatBytes } from './format-bytes.ts'
import { formatFileJson } from './format-file.ts'
import { retryingOf } from './retrying.ts'

interface SyncReport extends Required<Pick<SyncOptions, 'onFile' | 'onSkip' | 'onBytes'>> {
  readonly onRetry: RetryOptions['onRetry']
  conclude(summary: SyncSummary): void
  /** Ends the progress, on whatever way the sync ended. */
  stop(): void
}

const minuteMs = 60_000
const frameMs = 250

/** Tells of a sync: what is done on stdout, how far it is on a terminal or once a minute, and why a file was not sent. */
export function startSyncReport(
  context: CommandContext,
  { isText, dryRun }: { readonly isText: boolean; readonly dryRun: boolean },
): SyncReport {
  const { draw } = context
  const started = performance.now()
  const counts = { sent: 0, present: 0, failed: 0, bytes: 0 }
  const clear = () => draw?.('')
  const print = (line: string) => {
    clear()
    context.print(line)
  }
  const log = (line: string) => {
    clear()
    context.log(line)
  }

  function describeProgress(): string {
    const seconds = Math.max(0.001, (performance.now() - started) / 1000)
    const failed = counts.failed > 0 ? `, ${counts.failed} failed` : ''
    const rate = formatBytes(counts.bytes / seconds)
    return `${counts.sent} sent, ${counts.present} already there${failed}, ${formatBytes(counts.bytes)} at ${rate}/s`
  }

  const tell = draw === undefined ? () => context.log(describeProgress()) : () => draw(describeProgress())
  const timer = setInterval(tell, draw === undefined ? minuteMs : frameMs).unref()

  return {
    onFile(file) {
      counts[file.outcome]++
      if (file.outcome === 'failed') {
        log(`${file.path}: ${file.error.code} ${file.error.message}`)
        if (file.error.hint !== undefined) log(`  ${file.error.hint}`)
      }
      // What was sent earlier is no news.
      if (file.outcome === 'present') return
      if (!isText) print(dryRun && file.outcome === 'sent' ? formatPlan(file) : formatFileJson(file))
      else if (file.outcome === 'sent') print(formatSent(file, dryRun))
    },
    onSkip({ path, reason }) {
      if (!isText) print(JSON.stringify({ file: path, outcome: 'skipped', reason }))
    },
    onBytes(count) {
      counts.bytes += count
    },
    onRetry: retryingOf({ ...context, log }).onRetry,
    conclude(summary) {
      clear()
      if (!isText) print(JSON.stringify({ summary }))
      else log(formatSummary(summary, dryRun))
    },
    stop() {
      clearInterval(timer)
      clear()
    },
  }
}

function formatPlan({ path, sizeBytes }: UploadedFile): string {
  return JSON.stringify({ file: path, outcome: 'wouldSend', sizeBytes })
}

function formatSent({ path, key, sizeBytes }: UploadedFile, dryRun: boolean): string {
  return dryRun ? `would send ${path}  ${sizeBytes} bytes` : `${path}  ${key}  ${sizeBytes} bytes`
}

function formatSummary(
  { sent, sentBytes, present, skipped, failed, deleted, moved }: SyncSummary,
  dryRun: boolean,
): string {
  return [
    `${sent} ${dryRun ? 'to send' : 'sent'} (${formatBytes(sentBytes)})`,
    `${present} already there`,
    `${skipped} skipped`,
    `${failed} failed`,
    ...(deleted > 0 ? [`${deleted} removed here`] : []),
    ...(moved > 0 ? [`${moved} moved`] : []),
  ].join(', ')
}
