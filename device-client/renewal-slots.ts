import { formatConfiguration } from './device-configuration.ts'
import { deviceFiles, type Identity, readIdentity, readSpare, type Slot } from './device-folder.ts'
import { removeDurably, writeFileDurably } from './write-file-durably.ts'

/** Gives the renewal up; the present identity stays. */
export function dropRenewal(dir: string): void {
  // Moves the key first, when another process has just put the renewed certificate in its place.
  readIdentity(dir)
  dropSlot(deviceFiles(dir).renewal)
}

/** The key first: what is left when this is cut short is no identity, and no secret. */
export function dropSlot({ key, configuration, certificate }: Slot): void {
  removeDurably(key, configuration, certificate)
}

/**
 * Puts an identity that has worked in the place of `current`, which is kept as the previous one. Cut short anywhere, the
 * present slot holds one of the two, and the other is whole beside it. Does nothing when another process came first.
 */
export function promote(dir: string, current: Identity, renewed: Identity): void {
  const files = deviceFiles(dir)
  if (isSame(readIdentity(dir), current)) {
    writeFileDurably(files.previous.key, current.tls.key)
    writeFileDurably(files.previous.configuration, formatConfiguration(current.configuration))
    writeFileDurably(files.previous.certificate, current.tls.cert)
    replace(dir, renewed)
  }
  dropSlot(files.renewal)
}

/** Goes back from an identity that is refused to the one before it. */
export function restore(dir: string, previous: Identity): void {
  replace(dir, previous)
  dropSlot(deviceFiles(dir).renewal)
  dropSlot(deviceFiles(dir).previous)
}

/** The identity that the present one took the place of; undefined when there is none, or the two were not exchanged yet. */
export function readPrevious(dir: string, current: Identity): Identity | undefined {
  const previous = readSpare(deviceFiles(dir).previous)
  return previous === undefined || isSame(previous, current) ? undefined : previous
}

function isSame(one: Identity, other: Identity): boolean {
  return one.certificate.fingerprint256 === other.certificate.fingerprint256
}

function replace(dir: string, { configuration, tls }: Identity): void {
  const files = deviceFiles(dir)
  writeFileDurably(files.configuration, formatConfiguration(configuration))
  writeFileDurably(files.certificate, tls.cert)
  // Moves the key, as it would after a crash here.
  readIdentity(dir)
}
