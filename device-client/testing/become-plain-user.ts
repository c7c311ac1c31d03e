import { chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const nobody = 65534

/** Makes this process one that modes bind until the test is over: for root they do not count. The folders become that user's. */
export function becomePlainUser(...folders: readonly string[]): void {
  if (process.geteuid?.() !== 0) return
  for (const folder of folders) {
    for (const path of ['', ...readdirSync(folder, { recursive: true })])
      chownSync(join(folder, String(path)), nobody, nobody)
  }
  process.setegid?.(nobody)
  process.seteuid?.(nobody)
  onTestFinished(() => {
    process.seteuid?.(0)
    process.setegid?.(0)
  })
}
