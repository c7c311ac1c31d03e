import { join } from 'node:path'
import { build } from 'esbuild'

/** Bundles the device's command into a folder, as one file that needs Node.js and no package. Resolves with the file. */
export async function bundleDevice(outdir: string): Promise<string> {
  await build({
    absWorkingDir: join(import.meta.dirname, '..'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    minify: true,
    // None is needed: bundle.test.ts holds it to that.
    packages: 'external',
    outdir,
    entryPoints: { 'thingdrop-device': 'device-client/cli.ts' },
    logLevel: 'warning',
  })
  return join(outdir, 'thingdrop-device.js')
}
