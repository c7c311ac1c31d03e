import { resolve } from 'node:path'
import type { AgentSettings } from '../agent/agent.ts'
import type { WatchOptions } from '../agent/watched-directory.ts'
import { deviceFiles } from '../device-folder.ts'
import type { AfterUpload } from '../sync/finish-source.ts'
import type { CommandContext } from './command.ts'
import { parseSettings } from './configuration-file.ts'
import { createOptionValues, type Options, type OptionValues } from './options.ts'
import { objectOptions, parseObjects } from './transfer-options.ts'
import { UsageError } from './usage-error.ts'

/** What may be set for each directory by itself. */
export const watchOptions: Options = {
  include: {
    value: 'GLOB',
    env: 'THINGDROP_INCLUDE',
    isRepeatable: true,
    help: 'send only files that it matches; may be given again',
  },
  exclude: {
    value: 'GLOB',
    env: 'THINGDROP_EXCLUDE',
    isRepeatable: true,
    help: 'leave out files and directories that it matches; may be given again',
  },
  settle: {
    value: 'SECONDS',
    env: 'THINGDROP_SETTLE',
    fallback: '1',
    least: 0,
    help: 'how long a file must stand still; 0 for files that are moved in complete',
  },
  rescan: {
    value: 'SECONDS',
    env: 'THINGDROP_RESCAN',
    fallback: '900',
    least: 1,
    help: 'how often everything is looked at',
  },
  'delete-after': { env: 'THINGDROP_DELETE_AFTER', help: 'remove each file here once S3 has it' },
  'move-to': {
    value: 'DIR',
    env: 'THINGDROP_MOVE_TO',
    help: 'move each file below there once S3 has it; on the same file system',
  },
  'spool-limit': {
    value: 'SIZE',
    env: 'THINGDROP_SPOOL_LIMIT',
    help: 'how many bytes may wait to be sent; above it a warning, or see --spool-drop',
  },
  ...objectOptions,
  'spool-drop': { env: 'THINGDROP_SPOOL_DROP', help: 'remove the oldest files above --spool-limit, unsent' },
}

/** What the options of the agent ask for. Throws UsageError. */
export function parseAgentSettings({
  dir,
  options,
  operands,
}: Pick<CommandContext, 'dir' | 'options' | 'operands'>): AgentSettings {
  const port = options.number('credentials-port')
  if (port !== undefined && port > 65_535) throw new UsageError('--credentials-port takes at most 65535')
  // What holds for directories is wrong or right whether there are any yet or not.
  watchOf('.', options)
  const tokenFile = resolve(options.text('token-file') ?? deviceFiles(dir).token)
  return {
    watch: [...operands, ...options.texts('watch')].map((text) => parseWatch(text, options)),
    mqtt: !options.isSet('no-mqtt'),
    credentials: port === undefined ? undefined : { port, tokenFile },
  }
}

/** A path, or a JSON object of a directory with settings of its own. */
function parseWatch(text: string, options: OptionValues): WatchOptions {
  if (!text.startsWith('{')) return watchOf(text, options)
  const table = { directory: { value: 'DIR', help: '' }, ...watchOptions }
  const settings = parseSettings(parseJson(text), table, 'watch')
  if (settings.directory === undefined) throw new UsageError('watch: an object needs its directory')
  return watchOf(
    settings.directory,
    createOptionValues(table, (name) => settings[name] ?? options.text(name)),
  )
}

function watchOf(directory: string, options: OptionValues): WatchOptions {
  const spoolBytes = options.bytes('spool-limit')
  const dropOldest = options.isSet('spool-drop')
  if (dropOldest && spoolBytes === undefined) throw new UsageError('--spool-drop needs --spool-limit')
  return {
    directory: resolve(directory),
    include: options.texts('include'),
    exclude: options.texts('exclude'),
    settleSeconds: options.number('settle'),
    rescanSeconds: options.number('rescan'),
    ...parseAfterUpload(options),
    objects: parseObjects(options),
    spoolBytes,
    dropOldest,
  }
}

/** What is to become of a file that S3 has. Throws UsageError. */
export function parseAfterUpload(options: OptionValues): AfterUpload {
  const moveTo = options.text('move-to')
  const deleteAfter = options.isSet('delete-after')
  if (deleteAfter && moveTo !== undefined) throw new UsageError('either --delete-after or --move-to, not both')
  return { deleteAfter, ...(moveTo !== undefined && { moveTo: resolve(moveTo) }) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`watch: ${(error as Error).message}`)
  }
}
