import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { describeCloud, suggestCommands } from './describe-cloud.ts'
import { defaultFirstPort, parseFirstPort } from './first-port.ts'
import { operatorEnvironment } from './operator-environment.ts'
import { stayUp } from './stay-up.ts'
import { playStory, printLog } from './story.ts'
import { withCloud } from './with-cloud.ts'

const help = `npm start: thingdrop on this machine, whole, without an AWS account

Usage: npm start -- [--once] [--state DIR] [--port PORT]

Starts the embedded cloud, deploys the stack to it, and plays the story with three devices. Then it stays up.

  --once        end after the story: exit code 0, or 1 when a step failed
  --state DIR   where everything is kept (.thingdrop); remove it to begin anew
  --port PORT   first of four ports on 127.0.0.1 (${defaultFirstPort})
`
const thingNames = ['press-1', 'press-2', 'weather-roof']

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      state: { type: 'string', default: '.thingdrop' },
      port: { type: 'string', default: String(defaultFirstPort) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return print(help)
  const stateDir = resolve(values.state)
  await withCloud({ stateDir, firstPort: parseFirstPort(values.port), print }, async (cloud) => {
    const operator = operatorEnvironment(cloud)
    print('\nThree devices:')
    const folder = join(stateDir, 'devices')
    await playStory({ operator, caFile: cloud.caFile, folder, thingNames, print, logDeadlineMs: 60_000 })
    print(`\nThe upload log:\n${await printLog({ operator })}`)
    if (values.once) return
    await stayUp(cloud, stateDir, () =>
      print(`\n${describeCloud(cloud, stateDir)}\n\n${suggestCommands(cloud, stateDir)}`),
    )
    print('stopping; npm start goes on from here')
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
