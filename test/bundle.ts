import { join } from 'node:path'
import { inject } from 'vitest'

const folder = inject('bundleFolder')

/** The commands as they are published: a process of one starts in a third of the time that one of the sources needs. */
export const programs = {
  'thingdrop-device': join(folder, 'thingdrop-device.js'),
  thingdrop: join(folder, 'thingdrop.js'),
} as const

/** `thingdrop/local` */
export const localLibrary = join(folder, 'local.js')
