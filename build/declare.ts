import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import packageJson from '../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '..')
const specifier = /(?<=\b(?:from |import\()')([#.][^']*)\.ts(?=')/g

/** Writes the types of the package's libraries into a folder: the declarations that they need, and no other. */
export async function declare(outdir: string): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), 'thingdrop-types-'))
  try {
    await emitDeclarations(['operator/index.ts', 'device-client/index.ts'], emitted, {})
    // Its types stand in local.ts; to resolve the rest would be to read the embedded cloud, for nothing.
    await emitDeclarations(['start/start-local.ts', 'start/local.ts'], emitted, { noResolve: true })
    const done = new Set<string>()
    for (const entry of ['operator/index', 'device-client/index', 'start/start-local']) {
      await copyDeclarations(entry, emitted, outdir, done)
    }
  } finally {
    await rm(emitted, { recursive: true })
  }
}

/** `check:types` has checked them. */
async function emitDeclarations(files: readonly string[], outDir: string, options: object): Promise<void> {
  const project = join(outDir, 'tsconfig.json')
  const compilerOptions = {
    ...{ noEmit: false, noCheck: true, declaration: true, emitDeclarationOnly: true, rootDir: root, outDir },
    typeRoots: [join(root, 'node_modules/@types')],
    ...options,
  }
  const configuration = { extends: join(root, 'tsconfig.json'), compilerOptions, include: [] }
  await writeFile(project, JSON.stringify({ ...configuration, files: files.map((file) => join(root, file)) }))
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project])
}

/** Copies a module's declarations and all that they import, with paths that mean the same outside of the repository. */
async function copyDeclarations(module: string, from: string, to: string, done: Set<string>): Promise<void> {
  if (done.has(module)) return
  done.add(module)
  const imported: string[] = []
  const text = (await readFile(join(from, `${module}.d.ts`), 'utf8')).replace(specifier, (_, name: string) => {
    const target = name.startsWith('#') ? resolveInternal(name) : join(dirname(module), name)
    imported.push(target)
    const path = relative(dirname(module), target)
    return `${path.startsWith('.') ? path : `./${path}`}.js`
  })
  const file = join(to, `${module}.d.ts`)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  for (const target of imported) await copyDeclarations(target, from, to, done)
}

/** `#contract/api` → `contract/api`, as package.json's imports say. */
function resolveInternal(name: string): string {
  const [, scope = '', rest = ''] = /^(#[^/]+)\/(.*)$/.exec(name) ?? []
  const folders: Readonly<Record<string, string>> = packageJson.imports
  return join((folders[`${scope}/*`] ?? '').replace('*', rest))
}
