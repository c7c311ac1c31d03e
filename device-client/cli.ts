#!/usr/bin/env node
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '#contract/fault.ts'
import packageJson from '../package.json' with { type: 'json' }
import type { Command } from './cli/command.ts'
import { connect } from './cli/connect.ts'
import { credentials } from './cli/credentials.ts'
import { enroll } from './cli/enroll.ts'
import { formatCommandHelp, formatProgramHelp } from './cli/help.ts'
import { parseOptions } from './cli/options.ts'
import { upload } from './cli/upload.ts'
import { UsageError } from './cli/usage-error.ts'
import { createDevice } from './device.ts'
import { DeviceFault } from './device-fault.ts'

const commands: Readonly<Record<string, Command>> = { enroll, connect, credentials, upload }

const print = (line: string) => void process.stdout.write(`${line}\n`)
const log = (line: string) => void process.stderr.write(`${line}\n`)

/** Returns the exit code. The process then ends by itself: process.exit() hung after TLS uploads (nodejs/node#54918). */
async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return await runCommand(name, command, args)
  if (name === '--version') print(packageJson.version)
  else if (name === '--help' || name === 'help') print(formatProgramHelp(commands))
  else throw new UsageError(name === '' ? 'name a command' : `there is no command ${JSON.stringify(name)}`)
  return 0
}

async function runCommand(name: string, command: Command, args: readonly string[]): Promise<number> {
  const { options, operands } = parseOptions(args, command.options, process.env)
  if (options.isSet('help')) {
    print(formatCommandHelp(name, command))
    return 0
  }
  const dir = options.text('dir') ?? join(homedir(), '.thingdrop-device')
  const concurrency = options.number('concurrency', 1)
  const device = createDevice({ dir, ...(concurrency !== undefined && { concurrency }) })
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  try {
    return await command.run({ device, dir, options, operands, print, log, signal: interruption.signal })
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    log('interrupted')
    return 1
  } finally {
    device.close()
  }
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    log(`thingdrop-device: ${error.message}\nTry: thingdrop-device --help`)
    return 2
  }
  if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
  log(`${error.code} ${error.message}`)
  if (error.hint !== undefined) log(`  ${error.hint}`)
  return 1
}

process.exitCode = await main(process.argv.slice(2)).catch(explain)
