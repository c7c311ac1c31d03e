import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasProgram } from '../has-program.ts'
import { compareAnswers, type Difference } from './compare-answers.ts'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'
import { hasPythonModule } from './has-python-module.ts'

const program = 'moto_server'
const script = join(import.meta.dirname, 'python', 'control_plane_answers.py')
const document = readFileSync(join(import.meta.dirname, '../../docs/fidelity-moto.md'), 'utf8')
/** Another version differs otherwise. */
const [, version] = /to moto (\d+\.\d+\.\d+)/.exec(document) ?? []
const hasMoto = hasProgram(program) && hasPythonModule('boto3') && installedMoto() === version

let foreign: ForeignCloud
let moto: ChildProcess | undefined
let motoUrl: string

beforeAll(async () => {
  if (!hasMoto) return
  // moto's account.
  foreign = await startForeignCloud({ accountId: '123456789012' })
  moto = spawn(program, ['--host', '127.0.0.1', '--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  motoUrl = await readUrl(moto)
})
afterAll(async () => {
  moto?.kill()
  await foreign?.close()
})

/** The server takes a free port and says which; what it says later is read away. */
async function readUrl(server: ChildProcess): Promise<string> {
  let said = ''
  const url = new Promise<string>((resolve) => {
    server.stderr?.on('data', (chunk) => {
      said += chunk
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? []
      if (found !== undefined) resolve(found)
    })
  })
  const ended = once(server, 'exit').then(() => Promise.reject(new Error(`${program} ended: ${said}`)))
  return Promise.race([url, ended])
}

/** The rows of the document's table, without what they say about right and wrong. */
function listedDifferences(): Difference[] {
  const rows = document.matchAll(
    /^\| ([^|`]+?) +\| `?([^|`]+?)`? +\| `([^|`]+)` +\| `([^|`]+)` +\| (here|moto|either) /gm,
  )
  return [...rows].map(([, call = '', member = '', here = '', there = '']) => ({ call, member, here, there }))
}

test.skipIf(!hasMoto)(
  `every difference from moto is listed and judged (needs ${program} ${version} and boto3)`,
  async () => {
    const [here, there] = await Promise.all([
      foreign.run('python3', [script]),
      foreign.run('python3', [script], { AWS_ENDPOINT_URL: motoUrl }),
    ])
    const differences = compareAnswers(JSON.parse(here), JSON.parse(there))
    expect(differences.toSorted(byCall)).toEqual(listedDifferences().toSorted(byCall))
  },
  120_000,
)

function installedMoto(): string {
  const { stdout } = spawnSync('python3', ['-c', 'import moto; print(moto.__version__)'], { encoding: 'utf8' })
  return stdout.trim()
}

function byCall(left: Difference, right: Difference): number {
  return `${left.call} ${left.member}`.localeCompare(`${right.call} ${right.member}`)
}
