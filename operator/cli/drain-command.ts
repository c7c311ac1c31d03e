import { type Command, Option } from 'commander'
import type { DrainResponse } from '#contract/certificates-api.ts'
import type { Operator } from '../create-operator.ts'
import { terminalSafe } from '../output/terminal-safe.ts'
import {
  type Listing,
  type ListingFormat,
  listingFormats,
  type RowPage,
  writeListing,
} from '../output/write-listing.ts'
import type { CommandContext } from './command-context.ts'
import type { ConnectionOptions } from './connect.ts'

interface DrainOptions extends ConnectionOptions {
  readonly output: ListingFormat
}

type Standing = DrainResponse['standing'][number] & { readonly caCertificateId: string }

const standing: Listing<Standing> = {
  noun: 'standing',
  fields: ['caCertificateId', 'certificateId', 'thingName'],
  columns: [
    { heading: 'THING', cell: ({ thingName = '' }) => thingName },
    { heading: 'CA', cell: ({ caCertificateId }) => caCertificateId.slice(0, 8), isFixed: true },
    { heading: 'CERTIFICATE', cell: ({ certificateId }) => certificateId, isFixed: true },
  ],
}

const drainHelp = `
Without an id: of every fleet CA that signs no more and is not retired. A CA of someone else is asked for by its id.
Exits with 1 while anything stands, so that a script can wait for the day on which the CA can retire.

Examples:
  $ thingdrop ca drain
  $ thingdrop ca drain ${'5d7c1a9e'.repeat(8)} --output csv > standing.csv
`

export function addDrainCommand(ca: Command, context: CommandContext): void {
  ca.command('drain')
    .argument('[id]')
    .description('list what still stands on a CA that is to retire')
    .addOption(new Option('--output <format>', 'how to print it').choices(listingFormats).default('table'))
    .addHelpText('after', drainHelp)
    .action((caCertificateId: string | undefined, _, drain: Command) =>
      drainCas(caCertificateId, drain.optsWithGlobals(), context),
    )
}

async function drainCas(
  caCertificateId: string | undefined,
  options: DrainOptions,
  { stdout, stderr, connect, setExitCode }: CommandContext,
): Promise<void> {
  const operator = await connect(options)
  const ids = caCertificateId === undefined ? await findDraining(operator) : [caCertificateId]
  const pages = async function* (): AsyncGenerator<RowPage<Standing>> {
    if (ids.length === 0) yield { rows: [] }
    for (const id of ids) {
      for await (const page of operator.caCertificates.drain(id)) {
        yield { rows: page.standing.map((row) => ({ caCertificateId: id, ...row })) }
      }
    }
  }
  const { rowCount } = await writeListing(pages(), standing, options.output, stdout)
  if (rowCount > 0) {
    setExitCode(1)
    return stderr.write(`${rowCount} certificates stand on ${ids.length === 1 ? 'it' : `${ids.length} CAs`}\n`)
  }
  if (ids.length === 0) return stderr.write('every fleet CA signs or is retired: there is nothing to drain\n')
  const next = ids.map((id) => `thingdrop ca retire ${terminalSafe(id)}`).join('; ')
  return stderr.write(`nothing stands any more: ${next}\n`)
}

async function findDraining({ caCertificates: api }: Operator): Promise<string[]> {
  const { caCertificates: all } = await api.list()
  return all
    .filter(({ kind, state }) => kind === 'fleet' && state === 'active')
    .map(({ caCertificateId }) => caCertificateId)
}
