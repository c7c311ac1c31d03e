import { readFile } from 'node:fs/promises'
import { OperatorError } from '../operator-error.ts'

/** Throws FILE_UNREADABLE. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new OperatorError('FILE_UNREADABLE', `${path} cannot be read: ${code}`, { cause })
  }
}
