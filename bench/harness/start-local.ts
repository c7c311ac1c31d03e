import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface LocalCloud {
  /** Configuration of an AWS SDK client that calls as the operator. */
  readonly client: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  stop(): Promise<void>
}

const program = join(import.meta.dirname, '../../start/thingdrop.ts')

/** `thingdrop local` in a process of its own: the embedded cloud with the stack deployed, on a folder that stays. */
export async function startLocal(stateDir: string, args: readonly string[] = []): Promise<LocalCloud> {
  const child = spawn(process.execPath, [program, 'local', '--state', stateDir, '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const exited = once(child, 'exit')
  await new Promise<void>((resolve, reject) => {
    let printed = ''
    const collect = (chunk: Buffer) => {
      printed += chunk
      if (/operator\.env\n/.test(printed)) resolve()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('close', (code) => reject(new Error(`thingdrop local ended with ${code}:\n${printed}`)))
  })
  const exports = (await readFile(join(stateDir, 'operator.env'), 'utf8')).matchAll(/^export (\w+)=(.*)$/gm)
  const variables = Object.fromEntries(Array.from(exports, ([, name = '', value = '']) => [name, value]))
  const variable = (name: string) => variables[name] ?? ''
  return {
    client: {
      endpoint: variable('AWS_ENDPOINT_URL'),
      region: variable('AWS_REGION'),
      credentials: {
        accessKeyId: variable('AWS_ACCESS_KEY_ID'),
        secretAccessKey: variable('AWS_SECRET_ACCESS_KEY'),
      },
    },
    async stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
      await exited
    },
  }
}
