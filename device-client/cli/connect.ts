import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { retryingOf } from './retrying.ts'
import { UsageError } from './usage-error.ts'

export const connect: Command = {
  summary: 'connect to MQTT; the first time registers the device',
  usage: '[--timeout SECONDS]',
  description: `Connects with the device's certificate and says goodbye. On a first connection the service registers the
certificate and hangs up meanwhile: then it waits and connects again until it is accepted, for 5 minutes
when --timeout does not say otherwise. "thingdrop-device run" stays connected.`,
  options: commonOptions,
  example: 'thingdrop-device connect',

  async run(context) {
    if (context.operands.length > 0) throw new UsageError('connect takes no operand')
    const connection = await context.device.connect(retryingOf(context))
    const { thingName, mqttEndpoint } = context.device.configuration()
    context.print(`connected to ${mqttEndpoint} as ${thingName}`)
    await connection.disconnect()
    return 0
  },
}
