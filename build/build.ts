import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { synthesize } from '../start/synthesize.ts'
import { bundle } from './bundle.ts'
import { declare } from './declare.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const cache = join(root, 'node_modules/.cache/thingdrop')
/** What CDK writes beside the stack: where each construct was made, with paths of this machine. */
const diary = /(\.metadata|^tree|^validation-report)\.json$/

/** The package as it is published: commands, libraries, their types, and the stack for `thingdrop local`. */
async function buildInto(folder: string): Promise<void> {
  async function copyAssembly(): Promise<void> {
    const filter = (path: string) => !diary.test(basename(path))
    await cp(await synthesize(), join(folder, 'assembly'), { recursive: true, filter })
  }
  await Promise.all([bundle(folder), declare(join(folder, 'types')), copyAssembly()])
}

await mkdir(cache, { recursive: true })
const workshop = await mkdtemp(join(cache, 'dist-'))
try {
  const unfinished = join(workshop, 'dist')
  await buildInto(unfinished)
  await rm(dist, { recursive: true, force: true })
  await rename(unfinished, dist)
} finally {
  await rm(workshop, { recursive: true, force: true })
}
