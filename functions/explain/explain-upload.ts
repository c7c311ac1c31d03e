import { type Facts, foundIn } from './facts.ts'
import { findUntold, holds, isUnknown, type Verdict, waits } from './verdict.ts'
import { formatDuration } from './wording.ts'

/** When the thing's newest file came. */
export function explainUpload({ thing }: Facts, credentials: Verdict, now: Date): Verdict {
  const untold = findUntold(thing.upload)
  if (untold) return untold
  const upload = foundIn(thing.upload)
  const finding =
    upload === undefined
      ? 'no file came yet'
      : `the newest file came at ${upload.eventTime}, ${formatDuration(now.getTime() - Date.parse(upload.eventTime))} ago`
  if (credentials.outcome === 'waiting') return waits(finding)
  if (credentials.outcome !== 'holds') return isUnknown(finding)
  return upload === undefined ? waits(finding) : holds(finding)
}
