import type { Credentials } from '../credentials.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { formatExports } from './format-exports.ts'
import { retryingOf } from './retrying.ts'
import { UsageError } from './usage-error.ts'

export const credentials: Command = {
  summary: 'print temporary AWS credentials',
  usage: '[--env]',
  description: `Trades the certificate for the credentials of the thing's role and prints them as the credential_process of
an AWS profile expects it. They live for an hour or less.`,
  options: { env: { help: 'print lines that a shell takes with eval instead' }, ...commonOptions },
  example: `thingdrop-device credentials
  eval "$(thingdrop-device credentials --env)"
  # ~/.aws/config: credential_process = thingdrop-device credentials`,

  async run(context) {
    const { device, options, operands, print } = context
    if (operands.length > 0) throw new UsageError('credentials takes no operand')
    const current = await device.credentials(retryingOf(context))
    print(
      options.isSet('env') ? formatEnvironment(current, device.configuration().region) : formatProcessOutput(current),
    )
    return 0
  },
}

/** AWS SDKs and tools reference guide, "Process credential provider". */
function formatProcessOutput({ accessKeyId, secretAccessKey, sessionToken, expiration }: Credentials): string {
  return JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiration.toISOString().replace(/\.\d+Z$/, 'Z'),
  })
}

function formatEnvironment({ accessKeyId, secretAccessKey, sessionToken }: Credentials, region: string): string {
  return formatExports({
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_REGION: region,
  })
}
