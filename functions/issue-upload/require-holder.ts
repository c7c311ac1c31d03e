import { Fault } from '#contract/fault.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import type { AskingDevice } from './issuing.ts'

/**
 * The device, if its certificate holds the thing. Throws CALLER_MISMATCH for one that another took the place of: its
 * credentials outlive that.
 */
export async function requireHolder(things: ThingStore, device: AskingDevice): Promise<AskingDevice> {
  const thing = await things.find(device.thingName)
  if (thing?.certificateId === device.certificateId) return device
  throw new Fault('CALLER_MISMATCH', `another certificate holds ${device.thingName}`, {
    hint: 'ask with the certificate in use; a device that lost its place needs a new claim',
  })
}
