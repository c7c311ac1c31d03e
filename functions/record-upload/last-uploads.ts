import { lastUploadLagMs } from '../stores/last-upload-lag.ts'
import type { ThingStore } from '../stores/thing-store.ts'

/** What is remembered of so many things, then all is forgotten: it only saves writes. */
const maxRemembered = 20_000

/**
 * Notes with each thing when its newest file came. A time that is less than a minute after one that is noted already is let
 * be: a device that sends a thousand files a second costs one write a minute, and what is noted is at most that much behind.
 */
export function createLastUploads(things: Pick<ThingStore, 'noteUpload'>) {
  const noted = new Map<string, number>()
  return async (thingName: string, uploadedAt: string): Promise<void> => {
    const timeMs = Date.parse(uploadedAt)
    if (timeMs < (noted.get(thingName) ?? Number.NEGATIVE_INFINITY) + lastUploadLagMs) return
    if (!(await things.noteUpload(thingName, uploadedAt))) return
    if (noted.size === maxRemembered) noted.clear()
    noted.set(thingName, timeMs)
  }
}
