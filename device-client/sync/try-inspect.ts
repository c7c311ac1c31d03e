import { type FileState, inspectFile } from '../source-file.ts'

/** Undefined for what is gone or no regular file. */
export function tryInspect(path: string): FileState | undefined {
  try {
    return inspectFile(path)
  } catch {
    return undefined
  }
}
