import { type Command, Option } from 'commander'
import type { CreateClaimResponse } from '#contract/claims-api.ts'
import { formatSafeJson, terminalSafe } from '../output/terminal-safe.ts'
import { collectAttribute } from './collect-attribute.ts'
import type { CommandContext } from './command-context.ts'
import type { ConnectionOptions } from './connect.ts'
import { parseCount } from './parse-count.ts'
import { parseDuration } from './parse-duration.ts'
import { writePrivateFile } from './write-private-file.ts'

interface CreateOptions extends ConnectionOptions {
  readonly thing?: string
  readonly type?: string
  readonly group?: string
  readonly attribute: Readonly<Record<string, string>>
  /** Seconds. */
  readonly ttl?: number
  readonly replace?: true
  readonly count?: number
  readonly first: number
  readonly from?: string
  readonly out?: string
  readonly output: 'text' | 'json'
}

/** Of many claims; `out` is `-` for standard output. */
export type CreateClaimsOptions = CreateOptions & { readonly out: string }

const createHelp = `
The claim URL is a secret that is shown once: whoever holds it can enroll as the thing. A thing that a certificate holds
gets no claim unless --replace says so; then the new certificate takes the thing over when it registers.

Many claims: --count N counts the run of # in the name (meter-0001, meter-0002, …), or --from reads a CSV file whose header
is thing and any of type, group, ttl, attribute:NAME; options hold for rows that leave them open. Every name and row is
checked before the first claim is made. --out is then a CSV file (thing, claimId, expiresAt, claimUrl) that is written as
claims are made. The same command again goes on where it stopped: things in the file are skipped.

Examples:
  $ thingdrop claims create --thing press-1
  $ thingdrop claims create --thing press-1 --attribute site=oslo --ttl 2h --out press-1.claim
  $ thingdrop claims create --thing press-1 --replace
  $ thingdrop claims create --thing 'meter-####' --count 500 --ttl 7d --out meters.claims.csv
  $ thingdrop claims create --from meters.csv --out meters.claims.csv
`

export function addCreateClaimCommand(claims: Command, context: CommandContext): void {
  claims
    .command('create')
    .description('make a one-use claim and print its URL, or many into a file')
    .option('--thing <name>', 'the thing that the device becomes')
    .option('--type <name>', "its thing type (default: the first of the stack's)")
    .option('--group <name>', 'the thing group that it joins')
    .option('--attribute <name=value>', 'an attribute of the thing; may be repeated', collectAttribute, {})
    .option('--ttl <duration>', 'how long the claim may be used, 1m to 30d (default: 1d)', parseDuration)
    .option('--replace', 'the new certificate takes the thing over from the one that holds it')
    .option('--count <n>', 'one claim for each number from --first on', parseCount(1, 1_000_000))
    .option('--first <n>', 'where to begin to count', parseCount(0, 999_999_999), 1)
    .addOption(new Option('--from <file>', 'a CSV file of things').conflicts(['thing', 'count']))
    .addOption(
      new Option('--output <format>', 'the URL, or the whole answer').choices(['text', 'json']).default('text'),
    )
    .addOption(new Option('--out <file>', 'write it to a file of mode 0600 instead (-: do not)').conflicts('output'))
    .addHelpText('after', createHelp)
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>()
      if (options.from === undefined && options.count === undefined) return createClaim(options, command, context)
      const { out } = options
      if (out === undefined) command.error('error: many claims need --out <file>, or --out - to print them')
      const { createClaims } = await import('./create-claims.ts')
      return createClaims({ ...options, out }, context)
    })
}

async function createClaim(options: CreateOptions, command: Command, context: CommandContext): Promise<void> {
  const { thing, type, group, attribute, ttl, replace, output } = options
  const { stdout, stderr, connect } = context
  if (thing === undefined) command.error("error: option '--thing <name>' or '--from <file>' is missing")
  const out = options.out === '-' ? undefined : options.out
  const operator = await connect(options)
  const create = () =>
    operator.claims.create({
      thingName: thing,
      attributes: attribute,
      ...(type !== undefined && { thingTypeName: type }),
      ...(group !== undefined && { thingGroupName: group }),
      ...(ttl !== undefined && { ttlSeconds: ttl }),
      ...(replace && { replace }),
    })
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
