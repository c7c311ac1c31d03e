import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from './print-table.ts'
import { type ClientCommand, type ClientRun, runClient } from './run-client.ts'
import { median, takeTurns } from './take-turns.ts'
import { createFiles, type Over, type UploadStage } from './upload-stage.ts'
import { foundTools, seenPrefix, type ToolName, uploadWith } from './upload-tools.ts'

/** A piece of work that every tool can do, and how much faster than which the device is to be. */
export interface UploadWork {
  readonly what: string
  readonly count: number
  readonly bytes: number
  readonly delayMs?: number
  /** Whether all of it was uploaded before. */
  readonly isSeen?: boolean
  readonly peers: readonly ToolName[]
  readonly goals: Readonly<Partial<Record<ToolName, number>>>
  readonly maxSeconds?: number
  readonly maxPeakBytes?: number
  /** Of the device's command. */
  readonly args?: readonly string[]
}

type Contender = 'thingdrop' | ToolName

const mebibyte = 1024 ** 2

/** Uploads with each tool in turn; each time the sink must have had all objects and bytes. */
export async function measureUploads(
  stage: UploadStage,
  work: UploadWork,
  over: Over,
  rounds = 3,
  budgetMs = 240_000,
): Promise<Row[]> {
  const { count, bytes, isSeen = false } = work
  const folder = join(stage.workshop, 'files')
  const names = createFiles(folder, count, bytes)
  const target = await stage.target(over, work.delayMs)
  const peaks: Partial<Record<Contender, number[]>> = {}
  let turns = 0

  async function upload(contender: Contender, command: ClientCommand, expected: number): Promise<ClientRun> {
    const run = await runClient(command)
    const tally = await stage.tally(!isSeen)
    if (tally.bytes !== expected * bytes || (!isSeen && tally.objects !== expected)) {
      throw new Error(`${contender} left ${tally.objects} objects, sent ${tally.bytes} bytes, for ${work.what}`)
    }
    return run
  }

  const seenBy = isSeen ? stage.device(target) : undefined
  const commandOf = (contender: Contender): ClientCommand => {
    const device = seenBy ?? stage.device(target)
    if (contender === 'thingdrop') return device(['sync', folder, ...(work.args ?? [])])
    const prefix = isSeen ? seenPrefix : `${contender}-${turns++}`
    return uploadWith(contender, { target, folder, names, prefix, workshop: stage.workshop })
  }
  const turn = (contender: Contender) => async () => {
    const { seconds, peakBytes } = await upload(contender, commandOf(contender), isSeen ? 0 : count)
    peaks[contender] = [...(peaks[contender] ?? []), peakBytes]
    return seconds
  }

  const contenders: Contender[] = ['thingdrop', ...work.peers.filter((peer) => foundTools.has(peer))]
  await stage.tally(true)
  if (isSeen) {
    // What the device has sent stands in its journal; the tools look at the bucket.
    await upload('thingdrop', commandOf('thingdrop'), count)
    await upload('rclone', commandOf('rclone'), count)
  }
  const turnsOf = Object.fromEntries(contenders.map((contender) => [contender, turn(contender)]))
  const result = await takeTurns(turnsOf as Record<Contender, () => Promise<number>>, rounds, budgetMs)
  await stage.tally(true)
  rmSync(folder, { recursive: true })

  const format = (contender: Contender) =>
    `${formatRate(work, result.median[contender])}, ${formatPeak(peaks[contender])}`
  const rows = work.peers.map((peer): Row => {
    const goal = work.goals[peer]
    if (!foundTools.has(peer)) return { what: work.what, ours: format('thingdrop'), peer: `${peer} was not found` }
    const ratio = result.ratio(peer, 'thingdrop')
    return {
      what: work.what,
      ours: format('thingdrop'),
      peer: `${format(peer)} (${peer})`,
      ratio,
      ...(goal !== undefined && { goal: { text: `≥ ${goal}`, isMet: ratio >= goal } }),
    }
  })
  const { maxSeconds, maxPeakBytes } = work
  if (maxSeconds !== undefined) {
    const isMet = result.median.thingdrop < maxSeconds
    rows.push({ what: work.what, ours: format('thingdrop'), goal: { text: `< ${maxSeconds} s`, isMet } })
  }
  if (maxPeakBytes !== undefined) {
    const peak = Math.max(...(peaks.thingdrop ?? [Number.NaN]))
    const goal = { text: `≤ ${maxPeakBytes / 1e6} MB`, isMet: peak <= maxPeakBytes }
    rows.push({ what: `${work.what}: the most memory in any run`, ours: formatPeak([peak]), goal })
  }
  return rows
}

function formatRate({ count, bytes, isSeen }: UploadWork, seconds: number): string {
  if (isSeen) return `${seconds.toFixed(2)} s`
  return bytes >= mebibyte
    ? `${((count * bytes) / 1e6 / seconds).toFixed(0)} MB/s`
    : `${(count / seconds).toFixed(0)}/s`
}

function formatPeak(peaks: readonly number[] = []): string {
  return `${(median(peaks) / 1e6).toFixed(0)} MB`
}
