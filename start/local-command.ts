import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '#operator/cli/command-context.ts'
import { OperatorError } from '#operator/operator-error.ts'
import { readEnvironmentFile } from './environment-file.ts'
import { defaultFirstPort, parseFirstPort } from './first-port.ts'
import type { LocalOptions } from './run-local.ts'

const localHelp = `
It listens on 127.0.0.1 only. What it keeps outlives it: the next start on the same folder goes on from there.

Examples:
  $ thingdrop local
  $ thingdrop local --empty --account 123456789012 --region ap-northeast-1
`
const envHelp = `
The output holds the secret key of the cloud's operator.

Example:
  $ eval "$(thingdrop local env)" && aws iot list-things
`

export function addLocalCommand(program: Command, { stdout, stderr }: Pick<CommandContext, 'stdout' | 'stderr'>): void {
  const local = program
    .command('local')
    .description('run thingdrop on this machine, on an AWS of its own')
    .option('--empty', 'deploy nothing')
    .addOption(
      new Option('--state <dir>', 'where everything is kept; remove it to begin anew')
        .default(resolve('.thingdrop'), '.thingdrop')
        .argParser((dir) => resolve(dir)),
    )
    .option('--port <port>', 'first of four ports, 0 for any that are free', parseFirstPort, defaultFirstPort)
    .option('--account <id>', 'the AWS account that it is', parseAccount)
    .addOption(new Option('--quotas <whose>', "refuse calls beyond AWS IoT's default rates").choices(['aws']))
    .option('--verbose', 'print what is deployed, what IAM decides and what goes wrong, as it happens')
    .addHelpText('after', localHelp)
    .action(async (_, command: Command) => {
      requireNode24()
      const options = command.optsWithGlobals<LocalOptions>()
      checkRegion(options.region, command)
      const { runLocal } = await import('./run-local.ts')
      await runLocal(options, stdout, stderr)
    })
  local
    .command('env')
    .description('print the environment of the running cloud, for a shell')
    .addHelpText('after', envHelp)
    .action(async (_, command: Command) => {
      await stdout.write(await readEnvironmentFile(command.optsWithGlobals<LocalOptions>().state))
    })
}

function parseAccount(text: string): string {
  if (/^\d{12}$/.test(text)) return text
  throw new InvalidArgumentError('An AWS account id has 12 digits.')
}

/** The option is the whole program's, and elsewhere the SDK says what is wrong with it. */
function checkRegion(region: string | undefined, command: Command): void {
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    command.error(`error: option '--region <region>' argument '${region}' is invalid. Write it as us-east-1.`)
  }
}

/** The other commands run on older ones, too. */
function requireNode24(): void {
  if (Number.parseInt(process.versions.node, 10) >= 24) return
  throw new OperatorError('NODE_TOO_OLD', `the embedded cloud needs Node 24 or later; this is ${process.versions.node}`)
}
