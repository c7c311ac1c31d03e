import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const outdir = join(root, 'dist')

const shared: BuildOptions = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  // CommonJS parts of a bundle call require, which an ES module has not.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  logLevel: 'warning',
}

await rm(outdir, { recursive: true, force: true })
// A device gets one file. The operator's command is split, so that it loads only the clients that a command needs.
await build({ ...shared, entryPoints: { 'thingdrop-device': 'device-client/cli.ts' } })
await build({ ...shared, entryPoints: { thingdrop: 'start/thingdrop.ts' }, splitting: true })
