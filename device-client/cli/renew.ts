import type { Command } from './command.ts'
import { commonOptions } from './common-options.ts'
import { retryingOf } from './retrying.ts'
import { UsageError } from './usage-error.ts'

export const renew: Command = {
  summary: 'renew the certificate when it is due',
  usage: '[--force] [--timeout SECONDS]',
  description: `Makes a new key, asks for a certificate with the present one, connects with it, and only then puts it in the
present one's place. When power fails meanwhile, the device works on with one of the two, and the next renew
goes on. A certificate is due after two thirds of its life and up to a twentieth more, which spreads a fleet;
before, this prints when and ends with 0, so that cron may run it daily. "thingdrop-device run" renews by itself.`,
  options: { force: { help: 'renew now, due or not' }, ...commonOptions },
  example: `thingdrop-device renew
  # crontab: 17 3 * * * thingdrop-device renew --dir /var/lib/thingdrop-device`,

  async run(context) {
    const { device, options, operands, print } = context
    if (operands.length > 0) throw new UsageError('renew takes no operand')
    const { outcome, notAfter, dueAt } = await device.renew({ force: options.isSet('force') }, retryingOf(context))
    if (outcome === 'notDue') print(`not due before ${dueAt.toISOString()}`)
    else print(`renewed as ${device.configuration().thingName}, valid until ${notAfter.toISOString()}`)
    return 0
  },
}
