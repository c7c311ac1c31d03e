import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { startDeviceProcess } from './device-process.ts'

/**
 * `thingdrop-device` as a device installs it, with a preload that kills it at its CRASH_AT-th step. A process of the bundle
 * starts in a third of the time that one of the sources needs; the preload is bundled for the same reason.
 */
export async function createCrashingDevice(preload: URL, bundleDevice: (folder: string) => Promise<string>) {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-crashing-'))
  const preloaded = join(folder, 'preload.mjs')
  const [cli] = await Promise.all([
    bundleDevice(folder),
    build({ entryPoints: [fileURLToPath(preload)], outfile: preloaded, platform: 'node', format: 'esm' }),
  ])
  const nodeArgs = ['--import', preloaded]
  const cache = join(folder, 'compiled')
  // A process that is killed saves nothing of what it compiled.
  await promisify(execFile)('node', [...nodeArgs, cli, '--version'], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: cache },
  })
  return {
    /** Runs a command that dies before its crashAt-th step, or does not. */
    start: (args: readonly string[], crashAt = 0) =>
      startDeviceProcess(args, { CRASH_AT: String(crashAt), NODE_COMPILE_CACHE: cache }, nodeArgs, cli),
    remove: () => rm(folder, { recursive: true }),
  }
}
