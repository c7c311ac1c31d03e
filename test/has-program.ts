import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Whether a program that we do not bring along is on the PATH: tests that want it skip, by name, where it is not. */
export function hasProgram(name: string): boolean {
  return findProgram(name) !== undefined
}

/** Its file. */
export function findProgram(name: string): string | undefined {
  const files = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
