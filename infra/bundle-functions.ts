import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { type FunctionName, functions } from './functions.ts'

const root = join(import.meta.dirname, '..')
let bundles: string | undefined

/**
 * The folder of a function's bundle. All are made in one run of esbuild, at the first that is asked for: one for each would take as long
 * as the rest of the synthesis. They go with the process, as CDK copies them into the assembly.
 */
export function bundleOf(name: FunctionName): string {
  bundles ??= bundleAll()
  return join(bundles, name)
}

function bundleAll(): string {
  const folder = mkdtempSync(join(tmpdir(), 'thingdrop-functions-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  buildSync({
    entryPoints: Object.entries(functions).map(([name, { entry }]) => ({
      in: join(root, entry),
      out: `${name}/index`,
    })),
    outdir: folder,
    bundle: true,
    platform: 'node',
    // CommonJS starts faster than an ES module of the same bundle.
    format: 'cjs',
    target: 'node24',
    minify: true,
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  })
  // A folder above may say that its files are ES modules.
  for (const name of Object.keys(functions)) {
    writeFileSync(join(folder, name, 'package.json'), '{"type":"commonjs"}')
  }
  return folder
}
