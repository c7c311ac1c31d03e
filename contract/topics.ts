import { parseThingName } from './thing-name.ts'

/** Where AWS IoT says that an unknown certificate of a registered CA connected; `+` is the CA certificate's id. */
export const registrationEventTopic = '$aws/events/certificates/registered/+'

/** The topics below which a device may publish and subscribe. Ends in `/`. Throws THING_NAME_INVALID. */
export function thingTopicPrefix(thingName: string): string {
  return `thingdrop/things/${parseThingName(thingName)}/`
}
