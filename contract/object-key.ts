import { Fault } from './fault.ts'
import { parseThingName, thingNamePattern } from './thing-name.ts'

/** An object of a device: `things/<thing>/<day>/<uploadId>-<name>`. */
export interface ObjectKey {
  readonly thingName: string
  /** UTC day, `YYYY-MM-DD`. */
  readonly day: string
  /** 16 hex digits that the device draws once for a file: the same file keeps its key through every retry. */
  readonly uploadId: string
  readonly name: string
}

/** S3 takes keys of up to 1,024 bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects"). */
const maxKeyBytes = 1024
const uploadKey = /^things\/([^/]+)\/(\d{4}-\d{2}-\d{2})\/([0-9a-f]{16})-([^/]+)$/

/** The prefix that a device may write below, and nothing else. Ends in `/`. Throws THING_NAME_INVALID. */
export function thingPrefix(thingName: string): string {
  return `things/${parseThingName(thingName)}/`
}

/**
 * The key that a file is stored under. Throws THING_NAME_INVALID for a bad thing, REQUEST_INVALID for a name that is
 * empty, has a `/` or a NUL, or makes a key of more than 1,024 bytes.
 */
export function formatObjectKey({ thingName, day, uploadId, name }: ObjectKey): string {
  const key = `${thingPrefix(thingName)}${day}/${uploadId}-${name}`
  if (name === '' || name.includes('/') || name.includes('\0')) {
    throw new Fault('REQUEST_INVALID', `${JSON.stringify(name)} is not a file name`, {
      hint: 'name one file, without its folder',
    })
  }
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw new Fault('REQUEST_INVALID', `the key for ${JSON.stringify(name)} has more than ${maxKeyBytes} bytes`, {
      hint: 'shorten the file name',
    })
  }
  return key
}

/** The parts of a key that formatObjectKey made, or undefined for any other key. */
export function parseObjectKey(key: string): ObjectKey | undefined {
  const [, thingName = '', day = '', uploadId = '', name = ''] = uploadKey.exec(key) ?? []
  return thingNamePattern.test(thingName) ? { thingName, day, uploadId, name } : undefined
}

/** The thing whose prefix a key lies under, or undefined when it lies under none. */
export function thingOfKey(key: string): string | undefined {
  const [root, thingName, rest] = key.split('/', 3)
  return root === 'things' && rest !== undefined && thingNamePattern.test(thingName ?? '') ? thingName : undefined
}
