import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

/**
 * From here on no file of this process may grow beyond so many bytes, as on a disk that is full; undefined lifts it, and so does the
 * end of the test.
 */
export function limitFileSize(bytes: number | undefined): void {
  const set = (limit: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${limit}:`])
  if (bytes !== undefined) onTestFinished(() => void set('unlimited'))
  set(bytes ?? 'unlimited')
}
