import { readFileSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { DeviceFault } from '../device-fault.ts'
import type { Command, CommandContext } from './command.ts'
import { commonOptions } from './common-options.ts'
import { retryingOf } from './retrying.ts'
import { UsageError } from './usage-error.ts'

export const enroll: Command = {
  summary: 'trade a claim for a certificate',
  usage: '[--claim-file FILE] [--ca-file FILE] [--force]',
  description: `Makes an EC P-256 key, which never leaves this machine, and asks for a certificate with the claim URL
that "thingdrop claims create" printed. The claim is a secret: it is read from THINGDROP_CLAIM, from
--claim-file or from standard input, never from the command line, where other users could see it.
A device that is enrolled already is left as it is.`,
  options: {
    'claim-file': { value: 'FILE', env: 'THINGDROP_CLAIM_FILE', help: 'file that holds the claim URL' },
    'ca-file': {
      value: 'FILE',
      env: 'THINGDROP_CA_FILE',
      help: 'PEM of the CAs to trust for all servers, instead of those of Node.js; saved',
    },
    force: { help: 'replace the key and certificate that are there' },
    ...commonOptions,
  },
  example: "THINGDROP_CLAIM='https://…/v1/certificates?thing=press-7#tdc_…' thingdrop-device enroll",

  async run(context) {
    const { device, options, operands, print } = context
    if (operands.length > 0) throw new UsageError('enroll takes no operand; a claim does not belong on a command line')
    const enrolled = options.isSet('force') ? undefined : enrolledAs(context)
    if (enrolled !== undefined) {
      print(`already enrolled as ${enrolled}`)
      return 0
    }
    const claimUrl = await readClaim(context)
    const { thingName } = await device.enroll({ claimUrl, caFile: options.text('ca-file') }, retryingOf(context))
    print(`enrolled as ${thingName}`)
    return 0
  },
}

function enrolledAs({ device }: CommandContext): string | undefined {
  try {
    return device.configuration().thingName
  } catch (error) {
    if (error instanceof DeviceFault && error.code === 'NOT_ENROLLED') return undefined
    throw error
  }
}

async function readClaim(context: CommandContext): Promise<string> {
  const claim = context.env.THINGDROP_CLAIM || (await readClaimText(context))
  if (claim.trim() === '') throw new DeviceFault('CLAIM_MISSING', 'there is no claim')
  return claim
}

async function readClaimText({ options, log, signal }: CommandContext): Promise<string> {
  const path = options.text('claim-file')
  if (path === undefined) {
    if (process.stdin.isTTY) log('paste the claim URL, then press Enter and Ctrl-D:')
    return await readText(addAbortSignal(signal, process.stdin))
  }
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new DeviceFault('CLAIM_MISSING', (error as Error).message, { cause: error })
  }
}
