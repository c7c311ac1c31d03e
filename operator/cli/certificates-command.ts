import { styleText } from 'node:util'
import { type Command, Option } from 'commander'
import type { CertificateState } from '#contract/certificate-state.ts'
import type { CertificateSummary } from '#contract/certificates-api.ts'
import { formatTime } from '../output/format-time.ts'
import { type Listing, writeListing } from '../output/write-listing.ts'
import { writeRecord } from '../output/write-record.ts'
import { type AnswerOptions, addAnswerOptions } from './answer-options.ts'
import type { CommandContext } from './command-context.ts'
import { addConfirmOption, type ConfirmOptions, confirm } from './confirm.ts'
import { addIssueCommand } from './issue-command.ts'
import { addListOptions, type ListOptions, pageRangeOf, writeRemark } from './list-options.ts'
import { parseDuration } from './parse-duration.ts'

interface ListCertificatesOptions extends ListOptions {
  readonly state: CertificateState
  /** Seconds. */
  readonly expiresWithin?: number
}

interface ApproveOptions extends AnswerOptions {
  readonly thing?: string
  readonly replace?: true
}

interface DecisionOptions extends AnswerOptions {
  readonly reason?: string
}

const stateColours = {
  vended: 'yellow',
  approved: 'cyan',
  active: 'green',
  quarantined: 'red',
  retired: 'gray',
  rejected: 'gray',
  revoked: 'red',
} as const satisfies Record<CertificateState, string>

const certificates: Listing<CertificateSummary> = {
  noun: 'certificates',
  fields: [
    'certificateId',
    'state',
    'thingName',
    'origin',
    'reason',
    'caCertificateId',
    'notAfter',
    'createdAt',
    'activatedAt',
    'changedAt',
  ],
  columns: [
    { heading: 'THING', cell: ({ thingName = '' }) => thingName },
    {
      heading: 'STATE',
      cell: ({ state }) => state,
      isFixed: true,
      paint: (cell, { state }) => styleText(stateColours[state], cell, { validateStream: false }),
    },
    { heading: 'ENDS', cell: ({ notAfter }) => (notAfter === undefined ? '' : formatTime(notAfter)), isFixed: true },
    { heading: 'REASON', cell: ({ reason = '' }) => reason },
    // Whole, for whoever copies it into the next command.
    { heading: 'CERTIFICATE', cell: ({ certificateId }) => certificateId, isFixed: true },
  ],
}

const id = '5d7c1a9e'.repeat(8)

const listHelp = `
Listed by the time at which they end. States: vended (signed, waits for its first connection), approved (let in, waits for
its registration), active, quarantined (may not register, with the reason), retired (a newer one took its place), rejected,
revoked.

Examples:
  $ thingdrop certificates list --state quarantined
  $ thingdrop certificates list --expires-within 30d --all --output csv > ending.csv
`
const showHelp = `
Example:
  $ thingdrop certificates show ${id}
`
const approveHelp = `
It registers after that. One that is in quarantine because another certificate holds its thing needs --replace, which lets
it take the thing over and retires the other. Be sure that it is your device and no copy of it.

Examples:
  $ thingdrop certificates approve ${id}
  $ thingdrop certificates approve ${id} --thing press-1 --replace
`
const rejectHelp = `
It stays inactive, and out of the list of what waits for a decision. approve lets it in after all.

Example:
  $ thingdrop certificates reject ${id} --reason 'a stranger'
`
const revokeHelp = `
For good: its connection is closed, the credentials that it got are refused at S3 and at the API, and nothing activates it
again. The thing stays, and waits for a new claim.

Example:
  $ thingdrop certificates revoke ${id} --reason 'key was copied' --yes
`

export function addCertificatesCommand(program: Command, context: CommandContext): void {
  const command = program.command('certificates').description('what devices prove themselves with')
  addListOptions(
    command
      .command('list')
      .addOption(new Option('--state <state>', 'in this state').choices(Object.keys(stateColours)).default('active'))
      .option('--expires-within <duration>', 'only those that end within so long: 12h, 30d, 8w', parseDuration),
  )
    .description('list certificates in one state')
    .addHelpText('after', listHelp)
    .action((_, list: Command) => listCertificates(list.optsWithGlobals(), context))
  addAnswerOptions(command.command('show').argument('<id>'))
    .description('show what the ledger knows of one')
    .addHelpText('after', showHelp)
    .action((certificateId: string, _, show: Command) =>
      showCertificate(certificateId, show.optsWithGlobals(), context),
    )
  addAnswerOptions(command.command('approve').argument('<id>'))
    .description('let one in that is in quarantine')
    .option('--thing <name>', 'the thing that it becomes (default: the one that it names)')
    .option('--replace', 'it takes the thing over from the certificate that holds it')
    .addHelpText('after', approveHelp)
    .action((certificateId: string, _, approve: Command) =>
      approveCertificate(certificateId, approve.optsWithGlobals(), context),
    )
  addAnswerOptions(command.command('reject').argument('<id>'))
    .description('keep one out that is in quarantine')
    .option('--reason <text>', 'why, for whoever reads it later')
    .addHelpText('after', rejectHelp)
    .action((certificateId: string, _, reject: Command) =>
      rejectCertificate(certificateId, reject.optsWithGlobals(), context),
    )
  addConfirmOption(addAnswerOptions(command.command('revoke').argument('<id>')))
    .description('take one out of use for good')
    .option('--reason <text>', 'why, for whoever reads it later')
    .addHelpText('after', revokeHelp)
    .action((certificateId: string, _, revoke: Command) =>
      revokeCertificate(certificateId, revoke.optsWithGlobals(), context),
    )
  addIssueCommand(command, context)
}

async function listCertificates(options: ListCertificatesOptions, context: CommandContext): Promise<void> {
  const { stdout, stderr, clock, connect } = context
  const { state, expiresWithin } = options
  const expiresBefore =
    expiresWithin === undefined ? undefined : new Date(clock().getTime() + expiresWithin * 1000).toISOString()
  const operator = await connect(options)
  const pages = async function* () {
    const read = operator.certificates.pages({ state, expiresBefore }, pageRangeOf(options))
    for await (const { certificates: rows, cursor } of read) yield { rows, cursor }
  }
  await writeRemark(await writeListing(pages(), certificates, options.output, stdout), certificates.noun, stderr)
}

async function showCertificate(certificateId: string, options: AnswerOptions, context: CommandContext): Promise<void> {
  const operator = await context.connect(options)
  const shown = await operator.certificates.show(certificateId)
  await writeRecord(shown, certificates.fields, options.output, context.stdout)
}

async function approveCertificate(certificateId: string, options: ApproveOptions, context: CommandContext) {
  const { thing, replace } = options
  const operator = await context.connect(options)
  const approved = await operator.certificates.approve(certificateId, {
    ...(thing !== undefined && { thingName: thing }),
    ...(replace && { replace }),
  })
  await writeRecord(approved, certificates.fields, options.output, context.stdout)
}

async function rejectCertificate(certificateId: string, options: DecisionOptions, context: CommandContext) {
  const operator = await context.connect(options)
  const rejected = await operator.certificates.reject(certificateId, decisionOf(options))
  await writeRecord(rejected, certificates.fields, options.output, context.stdout)
}

async function revokeCertificate(
  certificateId: string,
  options: DecisionOptions & ConfirmOptions,
  context: CommandContext,
): Promise<void> {
  await confirm(`Certificate ${certificateId} is revoked for good: its device stops at once.`, options, context)
  const operator = await context.connect(options)
  const revoked = await operator.certificates.revoke(certificateId, decisionOf(options))
  await writeRecord(revoked, certificates.fields, options.output, context.stdout)
}

function decisionOf({ reason }: DecisionOptions): { reason?: string } {
  return reason === undefined ? {} : { reason }
}
