import { resolve } from 'node:path'
import { deviceFiles } from '../device-folder.ts'
import { systemRuntime } from '../runtime.ts'
import { createAgentLogger } from './agent-logger.ts'
import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { formatExports } from './format-exports.ts'
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
    const port = options.number('port') ?? 0
    if (port > 65_535) throw new UsageError('--port takes at most 65535')
    const { region } = device.configuration()
    const tokenFile = resolve(options.text('token-file') ?? deviceFiles(dir).token)
    const { startAgentCredentials } = await import('../agent/start-agent-credentials.ts')
    const log = createAgentLogger(context.log, { format: 'text', level: 'info' })
    const server = await startAgentCredentials({ port, tokenFile }, { device, log, runtime: systemRuntime })
    try {
      print(
        formatExports({
          AWS_CONTAINER_CREDENTIALS_FULL_URI: server.url,
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
          AWS_REGION: region,
        }),
      )
      if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }))
    } finally {
      await server.close()
    }
    return 0
  },
}
