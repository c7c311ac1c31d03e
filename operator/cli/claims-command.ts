import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CreateClaimResponse } from '#contract/api.ts'
import { formatSafeJson, terminalSafe } from '../output/terminal-safe.ts'
import type { CommandContext } from './command-context.ts'
import type { ConnectionOptions } from './connect.ts'
import { parseDuration } from './parse-duration.ts'
import { writePrivateFile } from './write-private-file.ts'

interface CreateOptions extends ConnectionOptions {
  readonly thing: string
  readonly attribute: Readonly<Record<string, string>>
  readonly ttl?: number
  readonly out?: string
  readonly output: 'text' | 'json'
}

const createHelp = `
The claim URL is a secret that is shown once: whoever holds it can enroll as the thing.

Examples:
  $ thingdrop claims create --thing press-1
  $ thingdrop claims create --thing press-1 --attribute site=oslo --ttl 2h --out press-1.claim
`

export function addClaimsCommand(program: Command, context: CommandContext): void {
  const claims = program.command('claims').description('what a device enrolls with')
  claims
    .command('create')
    .description('make a one-use claim and print its URL')
    .requiredOption('--thing <name>', 'the thing that the device becomes')
    .option('--attribute <name=value>', 'an attribute of the thing; may be repeated', collectAttribute, {})
    .option('--ttl <duration>', 'how long the claim may be used, 1m to 30d (default: 1d)', parseDuration)
    .addOption(
      new Option('--output <format>', 'the URL, or the whole answer').choices(['text', 'json']).default('text'),
    )
    .addOption(new Option('--out <file>', 'write the URL to a new file of mode 0600 instead').conflicts('output'))
    .addHelpText('after', createHelp)
    .action((_, command: Command) => createClaim(command.optsWithGlobals(), context))
}

async function createClaim(options: CreateOptions, { stdout, stderr, connect }: CommandContext): Promise<void> {
  const { thing, attribute, ttl, out, output } = options
  const operator = await connect(options)
  const create = () =>
    operator.claims.create({ thingName: thing, attributes: attribute, ...(ttl !== undefined && { ttlSeconds: ttl }) })
  const format = (claim: CreateClaimResponse) =>
    `${output === 'json' ? formatSafeJson(claim) : terminalSafe(claim.claimUrl)}\n`

  const claim = out === undefined ? await create() : await writePrivateFile(out, create, format)
  if (out === undefined) await stdout.write(format(claim))
  await stderr.write(`${terminalSafe(describeClaim(claim))}\nOn the device: ${terminalSafe(enrollCommand(out))}\n`)
}

function describeClaim({ claimId, thingName, expiresAt }: CreateClaimResponse): string {
  return `Claim ${claimId} lets one device enroll as ${thingName}, once, until ${expiresAt}.`
}

function enrollCommand(file: string | undefined): string {
  return file === undefined
    ? "THINGDROP_CLAIM='<the URL>' thingdrop-device enroll"
    : `thingdrop-device enroll --claim-file ${file}`
}

function collectAttribute(text: string, collected: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write name=value.')
  const name = text.slice(0, at)
  if (Object.hasOwn(collected, name)) throw new InvalidArgumentError(`${name} is given twice.`)
  return { ...collected, [name]: text.slice(at + 1) }
}
