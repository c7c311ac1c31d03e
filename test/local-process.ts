import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programs } from './bundle.ts'

export interface LocalProcess {
  /** What it printed until it was up. */
  readonly announced: string
  /** The file that a shell reads. */
  readonly environmentFile: string
  /** What that file exports. */
  readonly environment: Readonly<Record<string, string>>
  /** The same for an AWS SDK client. */
  readonly client: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Ends it as Ctrl-C in a terminal does, with a signal to all of its processes, and gives its exit code. */
  readonly stop: () => Promise<number | null>
}

/** `thingdrop local` in a process of its own, up and on any free ports. Throws with what it printed when it ends instead. */
export async function startLocalProcess(
  stateDir: string,
  args: readonly string[] = [],
  command: readonly string[] = [process.execPath, programs.thingdrop],
): Promise<LocalProcess> {
  const [program = '', ...before] = command
  const child = spawn(program, [...before, 'local', '--state', stateDir, '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const exited = once(child, 'exit')
  const announced = await new Promise<string>((resolve, reject) => {
    let printed = ''
    const collect = (chunk: Buffer) => {
      printed += chunk
      if (/operator\.env\n/.test(printed)) resolve(printed)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('close', (code) => reject(new Error(`thingdrop local ended with ${code}:\n${printed}`)))
  })
  const environmentFile = join(stateDir, 'operator.env')
  const exports = (await readFile(environmentFile, 'utf8')).matchAll(/^export (\w+)=(.*)$/gm)
  const environment = Object.fromEntries(Array.from(exports, ([, name = '', value = '']) => [name, value]))
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_REGION: region = '' } = environment
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = environment
  return {
    announced,
    environmentFile,
    environment,
    client: { endpoint, region, credentials: { accessKeyId, secretAccessKey } },
    async stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
      const [code] = await exited
      return code
    },
  }
}
