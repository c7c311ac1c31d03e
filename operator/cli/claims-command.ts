import { styleText } from 'node:util'
import { type Command, Option } from 'commander'
import type { ClaimSummary } from '#contract/claims-api.ts'
import { OperatorError } from '../operator-error.ts'
import { formatTime } from '../output/format-time.ts'
import { type Listing, type ListingFormat, listingFormats, writeListing } from '../output/write-listing.ts'
import type { CommandContext } from './command-context.ts'
import type { ConnectionOptions } from './connect.ts'
import { addCreateClaimCommand } from './create-claim-command.ts'
import { addListOptions, type ListOptions, pageRangeOf, writeRemark } from './list-options.ts'
import { describeFailures, runBatch } from './run-batch.ts'

interface ListClaimsOptions extends ListOptions {
  readonly state: ClaimSummary['state']
}

interface RevokeOptions extends ConnectionOptions {
  readonly output: ListingFormat
}

const stateColours = { open: 'cyan', expired: 'gray', spent: 'green', revoked: 'red' } as const satisfies Record<
  ClaimSummary['state'],
  string
>

const claims: Listing<ClaimSummary> = {
  noun: 'claims',
  fields: ['claimId', 'thingName', 'state', 'createdAt', 'expiresAt', 'replace', 'certificateId'],
  columns: [
    { heading: 'CLAIM', cell: ({ claimId }) => claimId, isFixed: true },
    { heading: 'THING', cell: ({ thingName }) => thingName },
    {
      heading: 'STATE',
      cell: ({ state }) => state,
      isFixed: true,
      paint: (cell, { state }) => styleText(stateColours[state], cell, { validateStream: false }),
    },
    { heading: 'CREATED', cell: ({ createdAt }) => formatTime(createdAt), isFixed: true },
    { heading: 'EXPIRES', cell: ({ expiresAt }) => formatTime(expiresAt), isFixed: true },
    { heading: 'CERTIFICATE', cell: ({ certificateId = '' }) => certificateId.slice(0, 8), isFixed: true },
  ],
}

const listHelp = `
States: open (may be used), expired, spent (a certificate was vended for it), revoked. The secret of a claim is nowhere kept.

Examples:
  $ thingdrop claims list
  $ thingdrop claims list --state spent --all --output csv
`
const revokeHelp = `
Devices that hold them can enroll no more. Certificates that were vended for them stay: certificates revoke takes those.

Examples:
  $ thingdrop claims revoke 0123456789abcdef
  $ thingdrop claims revoke 0123456789abcdef fedcba9876543210
`

export function addClaimsCommand(program: Command, context: CommandContext): void {
  const command = program.command('claims').description('what a device enrolls with')
  addCreateClaimCommand(command, context)
  addListOptions(
    command
      .command('list')
      .addOption(new Option('--state <state>', 'in this state').choices(Object.keys(stateColours)).default('open')),
  )
    .description('list claims in one state, without their secrets')
    .addHelpText('after', listHelp)
    .action((_, list: Command) => listClaims(list.optsWithGlobals(), context))
  command
    .command('revoke')
    .argument('<id...>', 'ids of claims, as the list shows them')
    .description('take claims back that were not used')
    .addOption(new Option('--output <format>', 'how to print them').choices(listingFormats).default('table'))
    .addHelpText('after', revokeHelp)
    .action((ids: string[], _, revoke: Command) => revokeClaims(ids, revoke.optsWithGlobals(), context))
}

async function listClaims(options: ListClaimsOptions, { stdout, stderr, connect }: CommandContext): Promise<void> {
  const operator = await connect(options)
  const pages = async function* () {
    const read = operator.claims.pages({ state: options.state }, pageRangeOf(options))
    for await (const { claims: rows, cursor } of read) yield { rows, cursor }
  }
  await writeRemark(await writeListing(pages(), claims, options.output, stdout), claims.noun, stderr)
}

async function revokeClaims(ids: readonly string[], options: RevokeOptions, context: CommandContext): Promise<void> {
  const operator = await context.connect(options)
  const revoked: ClaimSummary[] = []
  const quiet = { settle: async () => {}, end: async () => {} }
  const result = await runBatch(
    [...new Set(ids)],
    async (id) => {
      revoked.push(await operator.claims.revoke(id))
      return 'made'
    },
    { jobs: 1, progress: quiet },
  )
  // One that fails alone speaks for itself.
  if (revoked.length === 0 && result.failures[0] !== undefined) throw result.failures[0].error
  const pages = async function* () {
    yield { rows: revoked }
  }
  await writeListing(pages(), claims, options.output, context.stdout)
  if (result.failures.length === 0) return
  throw new OperatorError('PARTLY_DONE', 'not every claim was revoked:', {
    // What is no id may be a claim itself, and is not repeated.
    details: describeFailures(result, (id) => id.slice(0, 16)),
  })
}
