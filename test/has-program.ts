import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Whether a program that we do not bring along is on the PATH: tests that want it skip, by name, where it is not. */
export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
