import { type Command, Option } from 'commander'
import { type RecordFormat, recordFormats } from '../output/write-record.ts'
import type { ConnectionOptions } from './connect.ts'

/** What every command takes that prints one record. */
export interface AnswerOptions extends ConnectionOptions {
  readonly output: RecordFormat
}

export function addAnswerOptions(command: Command): Command {
  return command.addOption(new Option('--output <format>', 'how to print it').choices(recordFormats).default('table'))
}
