import { X509Certificate } from 'node:crypto'
import type { Command } from 'commander'
import { OperatorError } from '../operator-error.ts'
import { writeRecord } from '../output/write-record.ts'
import { type AnswerOptions, addAnswerOptions } from './answer-options.ts'
import { caFields } from './ca-fields.ts'
import type { CommandContext } from './command-context.ts'
import { readTextFile } from './read-text-file.ts'

interface RegisterOptions extends AnswerOptions {
  readonly cert: string
  readonly verificationCert?: string
}

const registerHelp = `
With a verification certificate, which proves that who registers the CA holds its key, devices need not send a server name.
Without one the CA works only for devices that send the account's endpoint as TLS server name (SNI), as every current client does.

Examples:
  $ thingdrop ca register --cert factory-ca.pem
  $ thingdrop ca register --cert factory-ca.pem --verification-cert verification.pem
`

export function addRegisterCommand(ca: Command, context: CommandContext): void {
  addAnswerOptions(ca.command('register'))
    .description('take in a CA whose key someone else holds')
    .requiredOption('--cert <file>', 'PEM of its certificate')
    .option('--verification-cert <file>', 'PEM of a certificate of it for the registration code')
    .addHelpText('after', registerHelp)
    .action((_, register: Command) => registerCa(register.optsWithGlobals(), context))
}

async function registerCa(options: RegisterOptions, { stdout, connect }: CommandContext): Promise<void> {
  const { cert, verificationCert, output } = options
  const certificatePem = await readCertificate(cert)
  const proof = verificationCert === undefined ? undefined : await readCertificate(verificationCert)
  const operator = await connect(options)
  const registered = await operator.caCertificates.register({
    certificatePem,
    ...(proof !== undefined && { verificationCertificatePem: proof }),
  })
  await writeRecord(registered, caFields, output, stdout)
}

/** The certificate alone, whatever stands beside it in the file: a key, even. Throws FILE_UNREADABLE. */
async function readCertificate(path: string): Promise<string> {
  const pem = await readTextFile(path)
  try {
    return new X509Certificate(pem).toString()
  } catch (cause) {
    throw new OperatorError('FILE_UNREADABLE', `${path} holds no certificate`, { cause })
  }
}
