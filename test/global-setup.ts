import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundle } from '../build/bundle.ts'
import { synthesize } from '../start/synthesize.ts'

const cache = join(import.meta.dirname, '../node_modules/.cache/thingdrop')

declare module 'vitest' {
  interface ProvidedContext {
    /** Our commands and libraries, bundled as they are published. */
    readonly bundleFolder: string
    /** Where the deployments of this run's workers lie. */
    readonly deploymentsFolder: string
  }
}

/** One synthesis and one bundling for all test files: each has the template that AWS would get, and the commands that a user would. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await mkdir(cache, { recursive: true })
  // Where what is not bundled is found.
  const folder = await mkdtemp(join(cache, 'tests-'))
  const [bundleFolder, deploymentsFolder] = [join(folder, 'bundle'), join(folder, 'deployments')]
  await mkdir(deploymentsFolder)
  const [assembly] = await Promise.all([synthesize(), bundle(bundleFolder)])
  await writeFile(join(bundleFolder, 'package.json'), '{"type":"module"}')
  await symlink(assembly, join(bundleFolder, 'assembly'))
  project.provide('bundleFolder', bundleFolder)
  project.provide('deploymentsFolder', deploymentsFolder)
  return () => rm(folder, { recursive: true })
}
