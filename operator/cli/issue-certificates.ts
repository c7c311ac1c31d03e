import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { OperatorError } from '../operator-error.ts'
import { createProgress } from '../output/progress.ts'
import { terminalSafe } from '../output/terminal-safe.ts'
import type { CommandContext } from './command-context.ts'
import type { IssueOptions } from './issue-command.ts'
import { issueDevice } from './issue-device.ts'
import { readIssueTable } from './read-issue-table.ts'
import { describeFailures, runBatch } from './run-batch.ts'

/** A throttled API gets a minute or two. */
const maxAttempts = 10

/** Makes a folder for each device of the CSV file, some at once. The whole file is checked before the first is made. */
export async function issueCertificates(options: IssueOptions, context: CommandContext): Promise<void> {
  const { from, out, jobs, caFile } = options
  const { stderr, clock, connect } = context
  const devices = await readIssueTable(from)
  const operator = await connect({ ...options, maxAttempts })
  await makeFolder(out)
  const settings = { operator, out, caFile: caFile === undefined ? undefined : resolve(caFile) }
  const progress = createProgress({ total: devices.length, noun: 'devices', out: stderr, clock })
  const result = await runBatch(devices, (device) => issueDevice(device, settings), { jobs, progress })
  const { made, there } = result
  await stderr.write(terminalSafe(`${made} certificates issued, ${there} were there, in ${out}`).concat('\n'))
  if (made + there === devices.length) return
  throw new OperatorError('PARTLY_DONE', `${devices.length - made - there} devices have no certificate:`, {
    details: describeFailures(result, ({ line, thingName }) => `line ${line}, ${thingName}`),
    hint: 'run the same command again: it goes on where it stopped, and skips what is there',
  })
}

async function makeFolder(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new OperatorError('FOLDER_UNUSABLE', `${out} cannot be made: ${code}`, { cause })
  }
}
