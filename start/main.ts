import { once } from 'node:events'
import { appendFileSync, mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Cloud, startCloud } from '#local/cloud.ts'
import { describeCloud, operatorEnvironment } from './describe-cloud.ts'
import { playStory, printLog } from './story.ts'
import { synthesize } from './synthesize.ts'

const help = `npm start: thingdrop on this machine, whole, without an AWS account

Usage: npm start -- [--once] [--state DIR] [--port PORT]

Starts the embedded cloud, deploys the stack to it, and plays the story with three devices. Then it stays up.

  --once        end after the story: exit code 0, or 1 when a step failed
  --state DIR   where everything is kept (.thingdrop); remove it to begin anew
  --port PORT   first of four ports on 127.0.0.1 (8470)
`
const thingNames = ['press-1', 'press-2', 'weather-roof']

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      state: { type: 'string', default: '.thingdrop' },
      port: { type: 'string', default: '8470' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return print(help)
  const firstPort = Number(values.port)
  if (!Number.isInteger(firstPort) || firstPort < 0 || firstPort > 65_532) {
    throw new Error(`--port takes a number from 0 (any free ports) to 65532, not ${values.port}`)
  }

  const assembly = await step('synthesized the stack', synthesize)
  const stateDir = resolve(values.state)
  const cloud = await step('started the embedded cloud', () =>
    startCloud({ stateDir, ports: portsFrom(firstPort), log: logTo(stateDir) }),
  )
  try {
    await step('deployed the stack', () => cloud.deploy({ assembly, stackName: 'Thingdrop' }))
    const operator = operatorEnvironment(cloud)
    print('\nThree devices:')
    const folder = join(stateDir, 'devices')
    await playStory({ operator, caFile: cloud.caFile, folder, thingNames, print, logDeadlineMs: 60_000 })
    print(`\nThe upload log:\n${await printLog({ operator })}`)
    if (!values.once) await stayUp(cloud, operator, stateDir)
  } finally {
    await cloud.close()
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function step<T>(done: string, work: () => Promise<T>): Promise<T> {
  const begin = performance.now()
  const result = await work()
  print(`${done} (${((performance.now() - begin) / 1000).toFixed(1)} s)`)
  return result
}

/** The cloud says here what it does on its own: refusals, retries, what a function printed is beside it. */
function logTo(stateDir: string): (line: string) => void {
  const folder = join(stateDir, 'logs')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return (line) => appendFileSync(join(folder, 'cloud.log'), `${new Date().toISOString()} ${line}\n`, { mode: 0o600 })
}

function portsFrom(first: number) {
  const at = (offset: number) => (first === 0 ? 0 : first + offset)
  return { gateway: at(0), mqtt: at(1), credentials: at(2), api: at(3) }
}

/** Prints where everything is and what to try, and returns when somebody presses Ctrl-C. */
async function stayUp(cloud: Cloud, operator: Readonly<Record<string, string>>, stateDir: string): Promise<void> {
  const environmentFile = join(stateDir, 'operator.env')
  const exports = Object.entries(operator).map(([name, value]) => `export ${name}=${value}`)
  await writeFile(environmentFile, `${exports.join('\n')}\n`, { mode: 0o600 })
  print(describeCloud(cloud, environmentFile, stateDir))
  const keepAlive = setInterval(() => {}, 2 ** 30)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  clearInterval(keepAlive)
  print('stopping; npm start goes on from here')
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
