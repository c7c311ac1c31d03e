import { homedir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '#contract/fault.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { createDevice } from '../device.ts'
import { DeviceFault } from '../device-fault.ts'
import type { Command, CommandContext } from './command.ts'
import { config } from './config.ts'
import { readConfigurationFile } from './configuration-file.ts'
import { connect } from './connect.ts'
import { credentials } from './credentials.ts'
import { doctor } from './doctor.ts'
import { enroll } from './enroll.ts'
import { formatCommandHelp, formatProgramHelp } from './help.ts'
import { parseOptions, type Settings } from './options.ts'
import { parseBandwidth } from './parse-bandwidth.ts'
import { renew } from './renew.ts'
import { fileOptions, run } from './run.ts'
import { serveCredentials } from './serve-credentials.ts'
import { status } from './status.ts'
import { sync } from './sync.ts'
import { parseObjects } from './transfer-options.ts'
import { upload } from './upload.ts'
import { UsageError } from './usage-error.ts'

const commands: Readonly<Record<string, Command>> = {
  enroll,
  connect,
  renew,
  credentials,
  'serve-credentials': serveCredentials,
  upload,
  sync,
  run,
  status,
  doctor,
  config,
}

/** What the file says of the agent is not for a command that one types, but for where the device is and how it reaches the service. */
const ofAllCommands = ['dir', 'timeout', 'retry-base-ms', 'transfers', 'via', 'bwlimit']

/** What the process gives: its environment, its two outputs, and the wish that it ends. */
export type Surroundings = Pick<CommandContext, 'env' | 'print' | 'log' | 'draw' | 'signal' | 'onReload'>

/** Runs one command line and resolves with the exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { log, signal } = surroundings
  try {
    return await runProgram(args, surroundings)
  } catch (error) {
    if (error instanceof UsageError) {
      log(`thingdrop-device: ${error.message}\nTry: thingdrop-device --help`)
      return 2
    }
    if (error instanceof DeviceFault || error instanceof Fault) {
      log(`${error.code} ${error.message}`)
      if (error.hint !== undefined) log(`  ${error.hint}`)
      return 1
    }
    if (!signal.aborted) throw error
    log('interrupted')
    return 1
  }
}

async function runProgram([name = '', ...args]: readonly string[], surroundings: Surroundings): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return await runCommand(name, command, args, surroundings)
  if (name === '--version') surroundings.print(packageJson.version)
  else if (name === '--help' || name === 'help') surroundings.print(formatProgramHelp(commands))
  else throw new UsageError(name === '' ? 'name a command' : `there is no command ${JSON.stringify(name)}`)
  return 0
}

function settingsFor(command: Command, settings: Settings): Settings {
  if (command === run) return settings
  return Object.fromEntries(Object.entries(settings).filter(([name]) => ofAllCommands.includes(name)))
}

async function runCommand(
  name: string,
  command: Command,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const readFile = (path: string | undefined) => settingsFor(command, readConfigurationFile(path, fileOptions))
  let limit = parseBandwidth(undefined)
  const parseAgain = () => {
    const parsed = parseOptions(args, command.options, surroundings.env, readFile)
    limit = parseBandwidth(parsed.options.text('bwlimit'))
    return parsed
  }
  const { options, operands } = parseAgain()
  if (options.isSet('help')) {
    surroundings.print(formatCommandHelp(name, command))
    return 0
  }
  const dir = options.text('dir') ?? join(homedir(), '.thingdrop-device')
  const concurrency = options.number('transfers')
  const via = options.choice('via') === 'url' ? 'url' : 's3'
  const device = createDevice({
    dir,
    via,
    bandwidth: (now) => limit(now),
    objects: parseObjects(options),
    ...(concurrency !== undefined && { concurrency }),
  })
  try {
    return await command.run({ ...surroundings, device, dir, options, operands, parseAgain })
  } finally {
    device.close()
  }
}
