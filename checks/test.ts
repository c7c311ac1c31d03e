import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')

/**
 * Runs the tests, and notes when all of them passed on this state of the files. With `--unless-passed` as the only
 * argument that note is enough: `npm run check` after `npm test` does not do the same work twice. Anything else is vitest's.
 */
async function runTests(args: readonly string[]): Promise<number> {
  const note = findNote()
  if (args[0] === '--unless-passed' && args.length === 1) {
    if (note !== undefined && existsSync(note)) {
      process.stdout.write(
        `every test passed on these very files ${readFileSync(note, 'utf8')}; npm test runs them again\n`,
      )
      return 0
    }
    return runTests([])
  }
  const [code] = await once(spawn(process.execPath, [vitest, 'run', ...args], { cwd: root, stdio: 'inherit' }), 'close')
  // What changed while the tests ran was not tested.
  if (code === 0 && args.length === 0 && note !== undefined && note === findNote()) {
    mkdirSync(dirname(note), { recursive: true })
    writeFileSync(note, `at ${new Date().toISOString()}`)
  }
  return code ?? 1
}

/** Where the note about this state of the files lies: named after everything that a test may depend on. */
function findNote(): string | undefined {
  const files = listFiles()
  if (files === undefined) return undefined
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`)
  for (const file of files) {
    const path = join(root, file)
    hash.update(`\0${file}\0`).update(existsSync(path) ? readFileSync(path) : 'removed')
  }
  return join(root, 'node_modules/.cache/thingdrop', `tested-${hash.digest('hex').slice(0, 32)}`)
}

/** Every file that is or could be committed; undefined where git does not say. */
function listFiles(): string[] | undefined {
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\0')
      .filter((file) => file !== '')
      .sort()
  } catch {
    return undefined
  }
}

process.exitCode = await runTests(process.argv.slice(2))
