import type { AgentSettings } from '../agent/agent.ts'
import { type LogLevel, logLevels } from '../agent/agent-log.ts'
import { createAgentLogger } from './agent-logger.ts'
import { parseAgentSettings, watchOptions } from './agent-settings.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { configurationPath } from './configuration-path.ts'
import { startSystemdNotice } from './notify-systemd.ts'
import type { Options, OptionValues } from './options.ts'
import { transferOptions } from './transfer-options.ts'

export const run: Command = {
  summary: 'send files as they appear, and keep the device well: the agent',
  usage: '[DIR…] [--delete-after | --move-to DIR] [--settle SECONDS] [--credentials-port N]',
  description: `Runs until it is told to end. Sends each regular file that appears below a DIR once it stands still, oldest first, and goes
on with what was under way when it ended. While S3 is out of reach it keeps everything, and sends it when the link
is back. Renews the certificate when it is due, stays connected to MQTT, and serves credentials to other programs if
--credentials-port is given. "thingdrop-device status" tells how it does.

Changes are seen at once where the kernel tells of them; everything is looked at when it starts and every --rescan
seconds. A program that writes a file elsewhere on the file system and renames it into DIR needs no --settle.

Settings may stand in ${configurationPath} or the file that --config names: members are named as the
options are, and "watch" holds directories with settings of their own; "thingdrop-device config --schema" prints the
schema. SIGHUP reads it again. SIGTERM ends what is under way within --drain seconds; what is not done by then
goes on at the next start.`,
  options: {
    watch: {
      value: 'DIR',
      env: 'THINGDROP_WATCH',
      isRepeatable: true,
      help: 'as DIR; in the configuration file, a directory or an object with "directory" and settings of its own',
    },
    ...watchOptions,
    ...transferOptions,
    'credentials-port': {
      value: 'N',
      env: 'THINGDROP_CREDENTIALS_PORT',
      least: 0,
      help: 'serve credentials on this port of 127.0.0.1, as serve-credentials does; 0 takes a free one',
    },
    'token-file': {
      value: 'FILE',
      env: 'THINGDROP_TOKEN_FILE',
      help: 'file of the token for them (credentials.token in the folder)',
    },
    'no-mqtt': { env: 'THINGDROP_NO_MQTT', help: 'do not stay connected to MQTT' },
    drain: {
      value: 'SECONDS',
      env: 'THINGDROP_DRAIN',
      fallback: '20',
      least: 0,
      help: 'how long what is under way may take to end',
    },
    'log-format': {
      value: 'FORMAT',
      env: 'THINGDROP_LOG_FORMAT',
      fallback: 'text',
      choices: ['text', 'json'],
      help: 'text, or one JSON object in each line',
    },
    'log-level': {
      value: 'LEVEL',
      env: 'THINGDROP_LOG_LEVEL',
      fallback: 'info',
      choices: logLevels,
      help: 'debug, info, warn or error, and what is graver',
    },
    ...commonOptions,
  },
  example: `thingdrop-device run /var/spool/press --delete-after --spool-limit 2GB
  thingdrop-device run --config /etc/thingdrop-device.json`,

  async run(context) {
    const { device, env, log: write, options, signal } = context
    const log = createLogger(write, options)
    const { thingName } = device.configuration()
    const settings = parseAgentSettings(context)
    const systemd = startSystemdNotice(env, (message) => log('warn', message))
    const baseMs = options.number('retry-base-ms')
    const agent = await device.startAgent({
      ...settings,
      log,
      drainMs: (options.number('drain') ?? 0) * 1000,
      ...(baseMs !== undefined && { retryBaseMs: baseMs }),
    })
    log('info', describeStart(thingName, settings), { thingName, processId: process.pid })
    systemd.notify('READY=1', `STATUS=running as ${thingName}`)
    const reloading = context.onReload?.(async () => {
      try {
        await agent.reconfigure(parseAgentSettings({ ...context, ...context.parseAgain() }))
        log('info', 'took up the configuration')
      } catch (error) {
        log('error', `the configuration was not taken up: ${(error as Error).message}`)
      }
    })
    try {
      const isOver = signal.aborted ? Promise.resolve() : new Promise((done) => signal.addEventListener('abort', done))
      await Promise.race([isOver, agent.ended])
    } finally {
      reloading?.()
      systemd.notify('STOPPING=1')
      const isDrained = await agent.stop()
      systemd.stop()
      log('info', isDrained ? 'ended' : 'ended; what was under way goes on at the next start')
    }
    return 0
  },
}

function createLogger(write: (line: string) => void, options: OptionValues) {
  return createAgentLogger(write, {
    format: options.choice('log-format') ?? 'text',
    level: (options.choice('log-level') ?? 'info') as LogLevel,
  })
}

function describeStart(thingName: string, { watch }: AgentSettings): string {
  const directories = watch.map(({ directory }) => directory).join(', ')
  return `running as ${thingName}, ${directories === '' ? 'no directory is watched' : `watching ${directories}`}`
}

/** What the configuration file may hold: the agent's options that do not belong to one call. */
export const fileOptions: Options = Object.fromEntries(
  Object.entries(run.options).filter(([name, { env }]) => env !== undefined && name !== 'config'),
)
