import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DeviceFault } from '../device-fault.ts'
import { tryInspect } from './try-inspect.ts'

/** What becomes of a file once S3 has it; it stays when neither is given. */
export interface AfterUpload {
  readonly deleteAfter?: boolean | undefined
  /** Directory on the same file system, where it gets the same path below. */
  readonly moveTo?: string | undefined
}

/**
 * The options with `moveTo` made, as the path that it really has. Throws DIRECTORY_UNUSABLE, also when it is on another file
 * system than `root`: a file could not get there at once.
 */
export function prepareAfterUpload<Options extends AfterUpload>(options: Options, root: string): Options {
  if (options.moveTo === undefined) return options
  try {
    mkdirSync(options.moveTo, { recursive: true })
    const moveTo = realpathSync(options.moveTo)
    if (statSync(moveTo).dev !== statSync(root).dev) throw new Error(`${moveTo} is on another file system than ${root}`)
    return { ...options, moveTo }
  } catch (error) {
    throw new DeviceFault('DIRECTORY_UNUSABLE', (error as Error).message, { cause: error })
  }
}

/**
 * Removes or moves a file if it is still what S3 has, and says whether it did. A name that is taken where it is moved to gets the
 * object's upload id before it. Throws DIRECTORY_UNUSABLE.
 */
export function finishSource(
  source: { readonly path: string; readonly storedPath: string; readonly identity: string; readonly key: string },
  { deleteAfter, moveTo }: AfterUpload,
): boolean {
  if (!deleteAfter && moveTo === undefined) return false
  if (tryInspect(source.path)?.identity !== source.identity) return false
  try {
    if (moveTo === undefined) rmSync(source.path)
    else move(source, moveTo)
    return true
  } catch (error) {
    throw new DeviceFault('DIRECTORY_UNUSABLE', (error as Error).message, { cause: error })
  }
}

function move({ path, storedPath, key }: { path: string; storedPath: string; key: string }, moveTo: string): void {
  const target = join(moveTo, storedPath)
  mkdirSync(dirname(target), { recursive: true })
  renameSync(path, existsSync(target) ? join(dirname(target), key.slice(key.lastIndexOf('/') + 1)) : target)
}
