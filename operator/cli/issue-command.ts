import { type Command, Option } from 'commander'
import type { CommandContext } from './command-context.ts'
import type { ConnectionOptions } from './connect.ts'
import { parseCount } from './parse-count.ts'

export interface IssueOptions extends ConnectionOptions {
  readonly from: string
  readonly out: string
  readonly jobs: number
  readonly caFile?: string
}

const issueHelp = `
For a factory: certificates without claims. The header of the CSV file is thing and any of type, group, csr, attribute:NAME.
A csr is the path of a PEM certificate request, from the CSV file's folder, by a key that stays where it is; without one the
key is made here (EC P-256). Each device gets a folder DIR/<thing> (mode 0700) with device.key (unless the row gave a csr),
device.pem (certificate and CA) and device.json: what thingdrop-device --dir takes. It registers at its first connection.

The whole file is checked before the first certificate is made. The same command again goes on where it stopped, even when
it was killed: finished folders are skipped, and a key without a certificate gets the same certificate. A device that
fails does not stop the others; then the command ends with 1 and names each.

Examples:
  $ thingdrop certificates issue --from devices.csv --out devices
  $ thingdrop certificates issue --from devices.csv --out devices --jobs 32
`

export function addIssueCommand(certificates: Command, context: CommandContext): void {
  certificates
    .command('issue')
    .description('make folders of keys and certificates for many devices')
    .requiredOption('--from <file>', 'a CSV file of devices')
    .requiredOption('--out <dir>', 'where their folders go')
    .option('--jobs <n>', 'how many at once', parseCount(1, 64), 16)
    .addOption(
      new Option(
        '--ca-file <file>',
        "PEM of the CAs that the devices trust instead of Node's own; its path is saved",
      ).env('THINGDROP_CA_FILE'),
    )
    .addHelpText('after', issueHelp)
    .action(async (_, command: Command) => {
      const { issueCertificates } = await import('./issue-certificates.ts')
      await issueCertificates(command.optsWithGlobals<IssueOptions>(), context)
    })
}
