import { execFileSync } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { findProgram } from './has-program.ts'

/** Where a version manager put a script in front of Python's programs, which takes half as long as they do, what it leads to goes first. */
export default function setup(): void {
  const shim = findProgram('python3')
  if (shim === undefined) return
  const prefix = execFileSync(shim, ['-c', 'import sys; print(sys.exec_prefix)'], { encoding: 'utf8' }).trim()
  const [shims, programs] = [dirname(shim), join(prefix, 'bin')]
  const folders = (process.env.PATH ?? '').split(delimiter)
  if (folders.includes(programs)) return
  process.env.PATH = folders.flatMap((folder) => (folder === shims ? [programs, folder] : [folder])).join(delimiter)
}
