import { Fault } from './fault.ts'

/**
 * What AWS IoT takes as a thing's name: 1 to 128 characters of letters, digits, `:`, `_` and `-`
 * (CreateThing, AWS IoT API reference). None of them means anything to S3, IAM, MQTT or a shell, so a
 * name that passes here can stand in a key, a policy variable and a topic as it is.
 */
export const thingNamePattern = /^[a-zA-Z0-9:_-]{1,128}$/

/** Returns the name as it came. Throws THING_NAME_INVALID. */
export function parseThingName(value: string): string {
  if (thingNamePattern.test(value)) return value
  throw new Fault('THING_NAME_INVALID', `${JSON.stringify(value.slice(0, 140))} is not a thing name`, {
    hint: 'use 1 to 128 characters of a-z A-Z 0-9 : _ -',
  })
}
