import { resolve } from 'node:path'
import { Fault } from '#contract/fault.ts'
import { DeviceFault } from '../device-fault.ts'
import { deviceFiles } from '../device-folder.ts'
import { systemRuntime } from '../runtime.ts'
import type { Command, CommandContext } from './command.ts'
import { commonOptions } from './common-options.ts'
import { formatExports } from './format-exports.ts'
import { retryingOf } from './retrying.ts'
import { UsageError } from './usage-error.ts'

export const serveCredentials: Command = {
  summary: 'serve AWS credentials to other programs on this machine',
  usage: '[--port N] [--token-file FILE]',
  description: `Answers on 127.0.0.1 as a container credentials endpoint until interrupted, so that the AWS CLI, AWS SDKs and
rclone (env_auth = true) work unchanged and never see a key that lasts. Prints the lines that they need in
their environment. Who asks must send the token, which is made once, in a file that only this user may read.
Credentials are fetched anew 5 minutes before they end, in one request for all who ask. A refusal answers for
2 minutes, a failure of the provider for 1, an answer that makes no sense for 5.`,
  options: {
    port: {
      value: 'N',
      env: 'THINGDROP_CREDENTIALS_PORT',
      fallback: '0',
      help: 'port of 127.0.0.1; 0 takes a free one',
    },
    'token-file': {
      value: 'FILE',
      env: 'THINGDROP_TOKEN_FILE',
      help: 'file of the token (credentials.token in the folder)',
    },
    ...commonOptions,
  },
  example: `thingdrop-device serve-credentials --port 9911 > aws.env &
  . ./aws.env && aws s3 ls`,

  async run(context) {
    const { device, dir, options, operands, print, signal } = context
    if (operands.length > 0) throw new UsageError('serve-credentials takes no operand')
    const port = options.number('port', 0) ?? 0
    if (port > 65_535) throw new UsageError('--port takes at most 65535')
    const { region } = device.configuration()
    const tokenFile = resolve(options.text('token-file') ?? deviceFiles(dir).token)
    const { prepareToken } = await import('../prepare-token.ts')
    const { startCredentialServer } = await import('../credential-server.ts')
    const token = prepareToken(tokenFile, systemRuntime)
    const server = await startCredentialServer({ port, token, credentials: createSource(context) })
    try {
      print(
        formatExports({
          AWS_CONTAINER_CREDENTIALS_FULL_URI: server.url,
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
          AWS_REGION: region,
        }),
      )
      // SDKs wait a second or two for an answer: the first credentials are fetched ahead of the first who asks.
      device.credentials(retryingOf(context)).catch(() => {})
      if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }))
    } finally {
      await server.close()
    }
    return 0
  },
}

/** One attempt for each who asks, as they ask again by themselves. A failure is told when it is another than the one before. */
function createSource({ device, log, signal }: CommandContext) {
  let told: string | undefined
  return async () => {
    try {
      const credentials = await device.credentials({ timeoutMs: 0, signal })
      told = undefined
      return credentials
    } catch (error) {
      if ((error instanceof DeviceFault || error instanceof Fault) && error.code !== told) {
        told = error.code
        log(`${error.code} ${error.message}`)
        if (error.hint !== undefined) log(`  ${error.hint}`)
      }
      throw error
    }
  }
}
