import type { MqttConnection } from '../mqtt-connection.ts'
import type { Command, CommandContext } from './command.ts'
import { commonOptions } from './common-options.ts'
import { retryingOf } from './retrying.ts'
import { UsageError } from './usage-error.ts'

export const connect: Command = {
  summary: 'connect to MQTT; the first time registers the device',
  usage: '[--stay] [--timeout SECONDS]',
  description: `Connects with the device's certificate and says goodbye. On a first connection the service registers the
certificate and hangs up meanwhile: then it waits and connects again until it is accepted, for 5 minutes
when --timeout does not say otherwise.`,
  options: {
    stay: { help: 'keep the connection, and make it again when it is lost, until interrupted' },
    ...commonOptions,
  },
  example: 'thingdrop-device connect',

  async run(context) {
    if (context.operands.length > 0) throw new UsageError('connect takes no operand')
    const connection = await open(context)
    if (context.options.isSet('stay')) await stay(connection, context)
    else await connection.disconnect()
    return 0
  },
}

async function open(context: CommandContext): Promise<MqttConnection> {
  const connection = await context.device.connect(retryingOf(context))
  const { thingName, mqttEndpoint } = context.device.configuration()
  context.print(`connected to ${mqttEndpoint} as ${thingName}`)
  return connection
}

async function stay(first: MqttConnection, context: CommandContext): Promise<void> {
  const { signal, log } = context
  for (let connection = first; ; connection = await open(context)) {
    const leave = () => void connection.disconnect()
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()
    const fault = await connection.closed
    signal.removeEventListener('abort', leave)
    if (fault === undefined || signal.aborted) return
    log(`${fault.code} ${fault.message}, connecting again`)
  }
}
