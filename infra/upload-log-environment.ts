import type { Settings } from './settings.ts'

/** For functions that write rows of the upload log. */
export function keepDays({ uploadLog }: Settings): Record<string, string> {
  return uploadLog.keepDays === undefined ? {} : { KEEP_DAYS: String(uploadLog.keepDays) }
}
