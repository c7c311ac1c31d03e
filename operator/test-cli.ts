import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Command, CommanderError } from 'commander'
import { onTestFinished } from 'vitest'
import type { CommandContext } from './cli/command-context.ts'
import { connect } from './cli/connect.ts'
import { createProgram } from './cli/create-program.ts'
import { exitCodeOf } from './cli/exit-code.ts'
import { formatFailure } from './cli/format-failure.ts'
import { pause } from './cli/pause.ts'
import type { Out } from './output/out.ts'
import { startTestApi, type TestAnswer, type TestRequest, testCredentials, testRegion } from './test-api.ts'

const cli = fileURLToPath(new URL('../start/thingdrop.ts', import.meta.url))
/** Processes that run from TypeScript start in half the time when Node keeps what it compiled. */
const compileCache = fileURLToPath(new URL('../node_modules/.cache/thingdrop/compiled', import.meta.url))

export const testKeys = {
  AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
  AWS_SESSION_TOKEN: testCredentials.sessionToken,
}

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-operator-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** A process that knows nothing of the person who runs the test. */
export async function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const home = await makeFolder()
  return spawn(process.execPath, [cli, ...args], {
    cwd: home,
    env: { HOME: home, AWS_EC2_METADATA_DISABLED: 'true', NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

export async function runCli(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = await startCli(args, env)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code }
}

/** The same command in this process, which takes a hundredth of the time: what it prints, and the code with which it would exit. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  overrides: Partial<CommandContext> = {},
) {
  const stdout: string[] = []
  const stderr: string[] = []
  let code = 0
  const clock = () => new Date()
  const err = collect(stderr)
  const program = createProgram({
    stdout: collect(stdout),
    stderr: err,
    clock,
    connect: (options) => connect(options, env, clock),
    ask: undefined,
    pause,
    onInterrupt: () => new AbortController().signal,
    setExitCode(given) {
      code = given
    },
    ...overrides,
  })
  collectUsage(program, stdout, stderr)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    code = exitCodeOf(error)
    if (!(error instanceof CommanderError)) await err.write(formatFailure(error, { debug: false, out: err }))
  }
  return { stdout: stdout.join(''), stderr: stderr.join(''), code }
}

function collect(parts: string[]): Out {
  return { write: async (text) => void parts.push(text), isTerminal: false, width: undefined, colours: false }
}

/** What commander writes by itself: help, and what is wrong with a command line. */
function collectUsage(command: Command, stdout: string[], stderr: string[]): void {
  command.configureOutput({ writeOut: (text) => void stdout.push(text), writeErr: (text) => void stderr.push(text) })
  for (const child of command.commands) collectUsage(child, stdout, stderr)
}

/** A test API and the environment in which the CLI finds it. */
export async function startCliApi(answer: (request: TestRequest) => TestAnswer | Promise<TestAnswer>) {
  const { url, requests } = await startTestApi(answer)
  return { requests, env: { ...testKeys, AWS_REGION: testRegion, THINGDROP_API_URL: url } }
}
