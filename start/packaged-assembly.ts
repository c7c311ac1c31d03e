import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the synthesized stack that the build put into the package; undefined in the repository, which has its sources. */
export function packagedAssembly(): string | undefined {
  const folder = join(import.meta.dirname, 'assembly')
  return existsSync(folder) ? folder : undefined
}
