import type { AgentStatus, DirectoryStatus, Trouble } from '../agent/agent-status.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { formatBytes } from './format-bytes.ts'
import { UsageError } from './usage-error.ts'

export const status: Command = {
  summary: 'tell how the agent does that runs on this machine',
  usage: '[--output text|json]',
  description: `Asks the agent ("thingdrop-device run") over the socket in the device's folder. The exit code is 1 when none runs, or
when something keeps it from its work.`,
  options: {
    output: {
      value: 'FORMAT',
      env: 'THINGDROP_OUTPUT',
      fallback: 'text',
      choices: ['text', 'json', 'jsonl'],
      help: 'text, or all of it as JSON',
    },
    ...commonOptions,
  },
  example: 'thingdrop-device status --output json',

  async run({ device, options, operands, print }) {
    if (operands.length > 0) throw new UsageError('status takes no operand')
    const isText = options.choice('output') === 'text'
    const present = await device.agentStatus()
    if (isText) for (const line of describe(present)) print(line)
    else print(JSON.stringify(present))
    return troublesOf(present).length > 0 ? 1 : 0
  },
}

function troublesOf({ certificate, connection, sending, directories }: AgentStatus): Trouble[] {
  const own = directories.flatMap(({ trouble, failures }) => [trouble, ...failures])
  return [certificate.trouble, connection.trouble, sending, ...own].filter((trouble) => trouble !== undefined)
}

function* describe({
  thingName,
  state,
  startedAt,
  processId,
  certificate,
  connection,
  credentialsUrl,
  sending,
  directories,
}: AgentStatus): Generator<string, void> {
  yield `${thingName}: ${state} since ${startedAt}, process ${processId}`
  yield `certificate: valid until ${certificate.notAfter}, to be renewed ${certificate.dueAt}`
  yield* describeTrouble(certificate.trouble)
  yield connection.state === 'off' ? 'MQTT: off' : `MQTT: ${connection.state} since ${connection.since}`
  yield* describeTrouble(connection.trouble)
  if (credentialsUrl !== undefined) yield `credentials: ${credentialsUrl}`
  yield sending === undefined ? 'uploads: get through' : 'uploads: do not get through'
  yield* describeTrouble(sending)
  for (const directory of directories) yield* describeDirectory(directory)
}

function* describeDirectory(status: DirectoryStatus): Generator<string, void> {
  const { directory, pendingFiles, pendingBytes, isMorePending, sent, sentBytes, failed, dropped, failures } = status
  const more = isMorePending ? ' or more' : ''
  const pending = `${pendingFiles}${more} pending (${formatBytes(pendingBytes)}${more})`
  const lost = dropped > 0 ? `, ${dropped} dropped` : ''
  yield `${directory}: ${sent} sent (${formatBytes(sentBytes)}), ${pending}, ${failed} failed${lost}`
  yield* describeTrouble(status.trouble)
  for (const { file, ...trouble } of failures) yield* describeTrouble(trouble, `${file}: `)
}

function* describeTrouble(trouble: Trouble | undefined, subject = ''): Generator<string, void> {
  if (trouble === undefined) return
  yield `  ${subject}${trouble.code} ${trouble.message}, since ${trouble.since}`
  if (trouble.hint !== undefined) yield `    ${trouble.hint}`
}
