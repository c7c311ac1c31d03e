import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..')
/** Processes that run from TypeScript start in half the time when Node keeps what it compiled. */
export const compileCache = join(root, 'node_modules/.cache/thingdrop/compiled')

export const programs = {
  'thingdrop-device': join(root, 'device-client/cli.ts'),
  thingdrop: join(root, 'start/thingdrop.ts'),
} as const

export interface RunOptions {
  readonly environment: Readonly<Record<string, string>>
  /** Gets each line of standard error as it comes. */
  readonly onLine?: (line: string) => void
}

/**
 * Runs one of our programs as a process of its own, as a user would, and gives its standard output. Its environment is
 * this process's without AWS's variables, and what is given. Throws when it exits with anything but 0.
 */
export async function runProgram(
  name: keyof typeof programs,
  args: readonly string[],
  { environment, onLine }: RunOptions,
): Promise<string> {
  const child = spawn(process.execPath, [programs[name], ...args], {
    env: { ...withoutAws(process.env), NODE_COMPILE_CACHE: compileCache, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  const lines: string[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    onLine?.(line)
  })
  const [code] = await once(child, 'close')
  if (code === 0) return Buffer.concat(output).toString('utf8')
  throw new Error(`${name} ${args.join(' ')} ended with ${code}:\n${lines.join('\n')}`)
}

function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')))
}
