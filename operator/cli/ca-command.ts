import { styleText } from 'node:util'
import { type Command, Option } from 'commander'
import type { CaCertificate } from '#contract/certificates-api.ts'
import { formatTime } from '../output/format-time.ts'
import { terminalSafe } from '../output/terminal-safe.ts'
import { type Listing, type ListingFormat, listingFormats, writeListing } from '../output/write-listing.ts'
import { writeRecord } from '../output/write-record.ts'
import { type AnswerOptions, addAnswerOptions } from './answer-options.ts'
import { caFields } from './ca-fields.ts'
import type { CommandContext } from './command-context.ts'
import { addConfirmOption, type ConfirmOptions, confirm } from './confirm.ts'
import type { ConnectionOptions } from './connect.ts'
import { addDrainCommand } from './drain-command.ts'
import { addRegisterCommand } from './register-ca-command.ts'

interface ListingOptions extends ConnectionOptions {
  readonly output: ListingFormat
}

const stateColours = { signing: 'green', active: 'cyan', retired: 'gray' } as const satisfies Record<
  CaCertificate['state'],
  string
>

const caCertificates: Listing<CaCertificate> = {
  noun: 'caCertificates',
  fields: caFields,
  columns: [
    { heading: 'KIND', cell: ({ kind }) => kind, isFixed: true },
    {
      heading: 'STATE',
      cell: ({ state }) => state,
      isFixed: true,
      paint: (cell, { state }) => styleText(stateColours[state], cell, { validateStream: false }),
    },
    { heading: 'SUBJECT', cell: ({ subject }) => subject },
    { heading: 'ENDS', cell: ({ notAfter }) => formatTime(notAfter), isFixed: true },
    { heading: 'CA', cell: ({ caCertificateId }) => caCertificateId, isFixed: true },
  ],
}

const id = '5d7c1a9e'.repeat(8)

const listHelp = `
Kinds: fleet (its key is in the stack's KMS), foreign (someone else holds its key). States: signing (new certificates come
from it), active (its certificates connect and register), retired.

Example:
  $ thingdrop ca list
`
const codeHelp = `
Whoever holds the CA's key signs a certificate with this code as common name: the verification certificate.

Example:
  $ openssl req -new -key verification.key -subj "/CN=$(thingdrop ca registration-code)" -out verification.csr
`
const rotateHelp = `
Certificates of the old CA stay valid, and devices move to the new one as they renew. ca drain tells who has not yet.

Example:
  $ thingdrop ca rotate
`
const retireHelp = `
Refused while any certificate of it may connect: ca drain lists those. No certificate of a retired CA connects or registers.

Example:
  $ thingdrop ca retire ${id}
`

export function addCaCommand(program: Command, context: CommandContext): void {
  const command = program.command('ca').description('whose certificates the fleet takes')
  addListingOption(command.command('list'))
    .description('list every CA')
    .addHelpText('after', listHelp)
    .action((_, list: Command) => listCas(list.optsWithGlobals(), context))
  addRegisterCommand(command, context)
  command
    .command('registration-code')
    .description('print what a verification certificate must name')
    .addHelpText('after', codeHelp)
    .action(async (_, code: Command) => {
      const operator = await context.connect(code.optsWithGlobals())
      await context.stdout.write(`${terminalSafe(await operator.caCertificates.registrationCode())}\n`)
    })
  addAnswerOptions(command.command('rotate'))
    .description('make a new fleet CA, which signs from now on')
    .addHelpText('after', rotateHelp)
    .action(async (_, rotate: Command) => {
      const options = rotate.optsWithGlobals<AnswerOptions>()
      const operator = await context.connect(options)
      await writeRecord(await operator.caCertificates.rotate(), caFields, options.output, context.stdout)
    })
  addDrainCommand(command, context)
  addConfirmOption(addAnswerOptions(command.command('retire').argument('<id>')))
    .description('take a CA out of use on which nothing stands')
    .addHelpText('after', retireHelp)
    .action((caCertificateId: string, _, retire: Command) =>
      retireCa(caCertificateId, retire.optsWithGlobals(), context),
    )
}

function addListingOption(command: Command): Command {
  return command.addOption(new Option('--output <format>', 'how to print it').choices(listingFormats).default('table'))
}

async function listCas({ output, ...options }: ListingOptions, { stdout, connect }: CommandContext): Promise<void> {
  const operator = await connect(options)
  const pages = async function* () {
    yield { rows: (await operator.caCertificates.list()).caCertificates }
  }
  await writeListing(pages(), caCertificates, output, stdout)
}

async function retireCa(
  caCertificateId: string,
  options: AnswerOptions & ConfirmOptions,
  context: CommandContext,
): Promise<void> {
  await confirm(`No certificate of CA ${caCertificateId} connects or registers after that.`, options, context)
  const operator = await context.connect(options)
  const retired = await operator.caCertificates.retire(caCertificateId)
  await writeRecord(retired, caFields, options.output, context.stdout)
}
