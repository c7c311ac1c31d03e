import { type Command, Option } from 'commander'
import type { UploadState } from '#contract/upload-log-api.ts'
import type { ListUploadsQuery } from '../../uploads.ts'
import { parseWhen, timeOf, type When } from '../parse-when.ts'

/** Which rows of the log a command is about. */
export interface UploadFilterOptions {
  readonly thing?: string
  readonly state?: UploadState
  readonly certificate?: string
  readonly prefix?: string
  readonly since?: When
  readonly until?: When
}

/** Named here too, because the contract's list would load zod before a command line is read. */
const states = {
  issued: true,
  arrived: true,
  expired: true,
  missing: true,
  refused: true,
  aborted: true,
  removed: true,
} as const satisfies Record<UploadState, true>

export function addUploadFilters(command: Command): Command {
  return command
    .option('--thing <name>', 'of one thing only')
    .addOption(new Option('--state <state>', 'in this state only').choices(Object.keys(states)))
    .option('--certificate <id>', 'written or asked for with this certificate only')
    .option('--prefix <text>', 'whose key begins with this only')
    .option('--since <when>', 'from this time on, or from so long ago: 2h, 1d, 2026-03-01', parseWhen)
}

export function addUntilFilter(command: Command): Command {
  return command.option('--until <when>', 'before this time, or before so long ago', parseWhen)
}

export function uploadQueryOf(options: UploadFilterOptions, now: Date): ListUploadsQuery {
  const { thing, state, certificate, prefix, since, until } = options
  return {
    thing,
    state,
    certificateId: certificate,
    prefix,
    from: since && timeOf(since, now),
    to: until && timeOf(until, now),
  }
}
