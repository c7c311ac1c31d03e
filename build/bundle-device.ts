import { join } from 'node:path'
import { build } from 'esbuild'
import { lazyBuiltins } from './lazy-builtins.ts'

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
    plugins: [lazyBuiltins],
    // The young generation stays at its first size, 1 MiB: as V8 lets it grow, sending files takes 15 MB more, and no less time. Later,
    // as the module that sets it takes 5 ms to load.
    // Without import and await at its top it is a script and a module alike, whatever package.json is near: Node need not find out by
    // compiling it twice. 13 is Node's code for a program that waits for what never comes.
    banner: {
      js: `setTimeout(()=>process.getBuiltinModule("node:v8").setFlagsFromString("--semi-space-growth-factor=1"),100).unref();process.exitCode=13;(async()=>{`,
    },
    footer: { js: '})().catch((error)=>{process.exitCode=1;throw error})' },
    outdir,
    entryPoints: { 'thingdrop-device': 'device-client/cli.ts' },
    logLevel: 'warning',
  })
  return join(outdir, 'thingdrop-device.js')
}
