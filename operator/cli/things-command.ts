import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { RevokeThingResponse, Thing } from '#contract/things-api.ts'
import { formatTime } from '../output/format-time.ts'
import { type Listing, writeListing } from '../output/write-listing.ts'
import { formatAttributes, writeRecord } from '../output/write-record.ts'
import { type AnswerOptions, addAnswerOptions } from './answer-options.ts'
import type { CommandContext } from './command-context.ts'
import { addConfirmOption, type ConfirmOptions, confirm } from './confirm.ts'
import { addListOptions, type ListOptions, pageRangeOf, writeRemark } from './list-options.ts'
import { parseDuration } from './parse-duration.ts'

interface ListThingsOptions extends ListOptions {
  /** Seconds. */
  readonly silent?: number
}

interface RevokeOptions extends AnswerOptions, ConfirmOptions {
  readonly reason?: string
}

const stateColours = {
  claimed: 'cyan',
  vended: 'yellow',
  active: 'green',
  quarantined: 'red',
  revoked: 'red',
} as const satisfies Record<Thing['state'], string>

const things: Listing<Thing> = {
  noun: 'things',
  fields: ['thingName', 'state', 'certificateId', 'reason', 'attributes', 'changedAt', 'thingTypeName', 'lastUploadAt'],
  columns: [
    { heading: 'THING', cell: ({ thingName }) => thingName },
    {
      heading: 'STATE',
      cell: ({ state }) => state,
      isFixed: true,
      paint: (cell, { state }) => styleText(stateColours[state], cell, { validateStream: false }),
    },
    { heading: 'CHANGED', cell: ({ changedAt }) => formatTime(changedAt), isFixed: true },
    {
      heading: 'LAST UPLOAD',
      cell: ({ lastUploadAt }) => (lastUploadAt === undefined ? '' : formatTime(lastUploadAt)),
      isFixed: true,
    },
    { heading: 'CERTIFICATE', cell: ({ certificateId = '' }) => certificateId.slice(0, 8), isFixed: true },
    { heading: 'ATTRIBUTES', cell: ({ attributes }) => formatAttributes(attributes) },
    { heading: 'REASON', cell: ({ reason = '' }) => reason },
  ],
}
const revocationFields = ['thingName', 'revoked'] as const satisfies readonly (keyof RevokeThingResponse)[]

const listHelp = `
States: claimed (may enroll), vended (has a certificate, never connected), active, quarantined (refused, with the reason),
revoked (waits for a new claim). --silent lists things whose last upload, or whose first certificate while none came, is so
long ago, the longest silent first.

Examples:
  $ thingdrop things list
  $ thingdrop things list --silent 2d
  $ thingdrop things list --all --output csv > things.csv
`
const showHelp = `
Example:
  $ thingdrop things show press-1
`
const revokeHelp = `
For a device that was stolen or whose key was copied. Each certificate that it has is revoked for good: its connection is
closed, and the credentials that it got are refused at S3 and at the API. Its open claims are revoked, too. The thing, its
files and its log stay; a new claim lets a device become it again.

Examples:
  $ thingdrop things revoke press-1 --reason stolen
  $ thingdrop things revoke press-1 --yes && thingdrop claims create --thing press-1
`
const deleteHelp = `
Its certificates and claims are revoked as things revoke does, and then nothing of it is left in AWS IoT. Its files stay in the bucket,
and its rows in the upload log.

Example:
  $ thingdrop things delete press-1
`

export function addThingsCommand(program: Command, context: CommandContext): void {
  const command = program.command('things').description('the devices of the fleet')
  addListOptions(
    command.command('list').option('--silent <duration>', 'that sent nothing for so long: 12h, 2d', parseDuration),
  )
    .description('list things with their states')
    .addHelpText('after', listHelp)
    .action((_, list: Command) => listThings(list.optsWithGlobals(), context))
  addAnswerOptions(command.command('show').argument('<name>'))
    .description('show one thing')
    .addHelpText('after', showHelp)
    .action((name: string, _, show: Command) => showThing(name, show.optsWithGlobals(), context))
  addConfirmOption(addAnswerOptions(command.command('revoke').argument('<name>')))
    .description('revoke its certificates and keep the thing')
    .option('--reason <text>', 'why, for whoever reads it later')
    .addHelpText('after', revokeHelp)
    .action((name: string, _, revoke: Command) => revokeThing(name, revoke.optsWithGlobals(), context))
  addConfirmOption(addAnswerOptions(command.command('delete').argument('<name>')))
    .description('revoke its certificates and remove the thing')
    .addHelpText('after', deleteHelp)
    .action((name: string, _, remove: Command) => deleteThing(name, remove.optsWithGlobals(), context))
}

async function listThings(options: ListThingsOptions, { stdout, stderr, connect }: CommandContext): Promise<void> {
  const operator = await connect(options)
  const pages = async function* () {
    for await (const { things: rows, cursor } of operator.things.pages(
      { silentFor: options.silent },
      pageRangeOf(options),
    ))
      yield { rows, cursor }
  }
  await writeRemark(await writeListing(pages(), things, options.output, stdout), things.noun, stderr)
}

async function showThing(name: string, options: AnswerOptions, { stdout, connect }: CommandContext): Promise<void> {
  const operator = await connect(options)
  await writeRecord(await operator.things.show(name), things.fields, options.output, stdout)
}

async function revokeThing(name: string, options: RevokeOptions, context: CommandContext): Promise<void> {
  const { reason, output } = options
  await confirm(
    `Every certificate of ${name} is revoked for good: the device stops at once. The thing stays.`,
    options,
    context,
  )
  const operator = await context.connect(options)
  const revocation = await operator.things.revoke(name, reason === undefined ? {} : { reason })
  await writeRecord(revocation, revocationFields, output, context.stdout)
}

async function deleteThing(name: string, options: RevokeOptions, context: CommandContext): Promise<void> {
  await confirm(
    `Every certificate of ${name} is revoked for good, and the thing is removed. Its files and its log stay.`,
    options,
    context,
  )
  const operator = await context.connect(options)
  await writeRecord(await operator.things.delete(name), revocationFields, options.output, context.stdout)
}
