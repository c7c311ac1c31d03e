import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import packageJson from '../package.json' with { type: 'json' }
import { bundleDevice } from './bundle-device.ts'

const root = join(import.meta.dirname, '..')
/** How a module names a file that it starts as a process or a thread of its own. */
const ownProcess = /new URL\('([\w-]+)\.ts', import\.meta\.url\)/g

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  // CommonJS parts of a bundle call require, which an ES module has not.
  banner: { js: "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);" },
  logLevel: 'warning',
}

/** Bundles the commands and the libraries into a folder. */
export async function bundle(outdir: string): Promise<void> {
  await bundleDevice(outdir)
  // The rest is split, so that a command loads only what it needs.
  const entryPoints = {
    thingdrop: 'start/thingdrop.ts',
    operator: 'operator/index.ts',
    device: 'device-client/index.ts',
    local: 'start/start-local.ts',
    ...(await findOwnProcesses()),
  }
  // zod is a dependency for the libraries' types alone.
  const external = Object.keys(packageJson.dependencies).filter((name) => name !== 'zod')
  await build({
    ...shared,
    outdir,
    entryPoints,
    splitting: true,
    external,
    plugins: [renameOwnProcesses, polyfillFirst],
  })
}

async function findOwnProcesses(): Promise<Record<string, string>> {
  const entryPoints: Record<string, string> = {}
  for await (const file of glob('local/**/*.ts', { cwd: root })) {
    for (const [, name = ''] of (await readFile(join(root, file), 'utf8')).matchAll(ownProcess)) {
      entryPoints[name] = join(file, '..', `${name}.ts`)
    }
  }
  return entryPoints
}

/** All bundles lie in one folder, as JavaScript. */
const renameOwnProcesses: Plugin = {
  name: 'rename-own-processes',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/local\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      return { contents: source.replace(ownProcess, "new URL('$1.js', import.meta.url)"), loader: 'ts' }
    }),
}

/** What the X.509 library stands on throws unless a polyfill ran before it, and pieces that are shared keep no such order. */
const polyfillFirst: Plugin = {
  name: 'polyfill-first',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/node_modules\/tsyringe\/dist\/esm5\/index\.js$/ }, async ({ path }) => ({
      contents: `import 'reflect-metadata'\n${await readFile(path, 'utf8')}`,
      loader: 'js',
    })),
}
