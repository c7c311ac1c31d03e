import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { Thing } from '#contract/api.ts'
import { formatTime } from '../output/format-time.ts'
import { type Listing, writeListing } from '../output/write-listing.ts'
import type { CommandContext } from './command-context.ts'
import { addListOptions, type ListOptions, pageRangeOf, writeRemark } from './list-options.ts'

const stateColours = { claimed: 'cyan', vended: 'yellow', active: 'green', quarantined: 'red' } as const

const things: Listing<Thing> = {
  noun: 'things',
  fields: ['thingName', 'state', 'certificateId', 'reason', 'attributes', 'changedAt'],
  columns: [
    { heading: 'THING', cell: ({ thingName }) => thingName },
    {
      heading: 'STATE',
      cell: ({ state }) => state,
      isFixed: true,
      paint: (cell, { state }) => styleText(stateColours[state], cell, { validateStream: false }),
    },
    { heading: 'CHANGED', cell: ({ changedAt }) => formatTime(changedAt), isFixed: true },
    { heading: 'CERTIFICATE', cell: ({ certificateId = '' }) => certificateId.slice(0, 8), isFixed: true },
    { heading: 'ATTRIBUTES', cell: ({ attributes }) => formatAttributes(attributes) },
    { heading: 'REASON', cell: ({ reason = '' }) => reason },
  ],
}

const listHelp = `
States: claimed (may enroll), vended (has a certificate, never connected), active, quarantined (refused, with the reason).

Examples:
  $ thingdrop things list
  $ thingdrop things list --all --output csv > things.csv
`

export function addThingsCommand(program: Command, context: CommandContext): void {
  const command = program.command('things').description('the devices of the fleet')
  addListOptions(command.command('list'))
    .description('list things with their states')
    .addHelpText('after', listHelp)
    .action((_, list: Command) => listThings(list.optsWithGlobals(), context))
}

async function listThings(options: ListOptions, { stdout, stderr, connect }: CommandContext): Promise<void> {
  const operator = await connect(options)
  const pages = async function* () {
    for await (const { things: rows, cursor } of operator.things.pages(pageRangeOf(options))) yield { rows, cursor }
  }
  await writeRemark(await writeListing(pages(), things, options.output, stdout), things.noun, stderr)
}

function formatAttributes(attributes: Thing['attributes']): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
