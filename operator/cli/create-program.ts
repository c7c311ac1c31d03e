import { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { addCaCommand } from './ca-command.ts'
import { addCertificatesCommand } from './certificates-command.ts'
import { addClaimsCommand } from './claims-command.ts'
import type { CommandContext } from './command-context.ts'
import { addCompletionCommand } from './completion-command.ts'
import { addExplainCommand } from './explain-command.ts'
import { formatUsageFailure } from './format-usage-failure.ts'
import { addStatsCommand } from './stats-command.ts'
import { addThingsCommand } from './things-command.ts'
import { addUploadsCommand } from './uploads-command.ts'

const programHelp = `
The API's address is the output ApiUrl of the CloudFormation stack, unless --api-url or THINGDROP_API_URL gives it.
Requests are signed with the credentials that the AWS CLI would use.

Exit codes, as the AWS CLI's: 0 done, 1 done in part or with bad news, 252 bad usage, 253 bad configuration, 254 refused by
the service, 255 other failure.

Example:
  $ thingdrop claims create --thing press-1
`

export function createProgram(context: CommandContext): Command {
  const program = new Command('thingdrop')
    .description('Watch over a fleet of devices that put files in S3.')
    .version(packageJson.version)
    .option('--api-url <url>', 'the address of the API (env: THINGDROP_API_URL)')
    .option('--stack <name>', 'the CloudFormation stack to ask for it (env: THINGDROP_STACK; default: Thingdrop)')
    .option('--profile <name>', 'the profile of the AWS configuration')
    .option('--region <region>', 'the AWS region (env: AWS_REGION, AWS_DEFAULT_REGION)')
    .option('--debug', 'print where a failure comes from')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', programHelp)
    .configureOutput({ outputError: (text, write) => write(formatUsageFailure(text)) })
    .exitOverride()
  addClaimsCommand(program, context)
  addCertificatesCommand(program, context)
  addThingsCommand(program, context)
  addCaCommand(program, context)
  addUploadsCommand(program, context)
  addStatsCommand(program, context)
  addExplainCommand(program, context)
  addCompletionCommand(program, context)
  return program
}
