import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { glob, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
/** All that a template and its bundles come from. */
const sources = ['{infra,functions,contract}/**/*.ts', 'package-lock.json', 'cdk.json']

/**
 * Synthesizes the stack, by the settings of a file if there is one, and gives the folder of the cloud assembly. Each state of the sources has a folder of its own, which
 * appears whole or not at all: nothing is done twice, and processes side by side do not disturb each other.
 * Throws with what the synthesis printed when it fails.
 */
export async function synthesize(settingsFile = process.env.THINGDROP_SETTINGS): Promise<string> {
  const settings = settingsFile === undefined ? '' : await readFile(settingsFile, 'utf8')
  const assembly = join(root, 'node_modules/.cache/thingdrop', `assembly-${(await hashSources(settings)).slice(0, 16)}`)
  if (existsSync(assembly)) return assembly
  await mkdir(dirname(assembly), { recursive: true })
  const unfinished = await mkdtemp(`${assembly}-`)
  try {
    await runSynthesis(unfinished, settingsFile)
    await rename(unfinished, assembly)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Another process may have been first.
    if (!existsSync(assembly)) throw error
  }
  return assembly
}

async function runSynthesis(folder: string, settingsFile: string | undefined): Promise<void> {
  const settings = settingsFile === undefined ? {} : { THINGDROP_SETTINGS: resolve(settingsFile) }
  const synthesis = spawn(process.execPath, ['infra/app.ts'], {
    cwd: root,
    env: { ...process.env, ...settings, CDK_OUTDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed: Buffer[] = []
  synthesis.stdout.on('data', (chunk: Buffer) => printed.push(chunk))
  synthesis.stderr.on('data', (chunk: Buffer) => printed.push(chunk))
  const [code] = await once(synthesis, 'close')
  if (code !== 0) throw new Error(`the stack does not synthesize:\n${Buffer.concat(printed).toString('utf8')}`)
}

async function hashSources(settings: string): Promise<string> {
  const files: string[] = []
  for await (const file of glob(sources, { cwd: root })) if (!file.endsWith('.test.ts')) files.push(file)
  const hash = createHash('sha256').update(settings)
  for (const file of files.sort()) hash.update(`${file}\0`).update(await readFile(join(root, file)))
  return hash.digest('hex')
}
