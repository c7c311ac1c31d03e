import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfiguration, type SavedConfiguration } from './device-configuration.ts'
import { DeviceFault } from './device-fault.ts'
import { renameDurably } from './write-file-durably.ts'

/** Who this device is: its key, its certificate, and what it was told at enrollment. */
export interface Identity {
  readonly configuration: SavedConfiguration
  /** The device's own; `tls.cert` carries the chain behind it. */
  readonly certificate: X509Certificate
  readonly tls: { readonly key: string; readonly cert: string; readonly ca?: string }
}

/** The files of one identity. */
export interface Slot {
  readonly key: string
  readonly certificate: string
  readonly configuration: string
}

export interface DeviceFiles extends Slot {
  /** The key that enrollment asks a certificate for; it becomes `key` when the certificate is here. */
  readonly pendingKey: string
  /** What programs must send to get credentials on the loopback address. */
  readonly token: string
  /** What renewal asks for beside the present identity; it takes its place when it has worked. */
  readonly renewal: Slot
  /** What the present identity took the place of, until the service knows of that. */
  readonly previous: Slot
}

/** The files of a device folder, which is made (mode 0700) when it is not there. Throws FOLDER_UNUSABLE. */
export function openDeviceFolder(dir: string): DeviceFiles {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new DeviceFault('FOLDER_UNUSABLE', `cannot make ${dir}: ${(error as Error).message}`, { cause: error })
  }
  return deviceFiles(dir)
}

/** Throws NOT_ENROLLED, KEY_EXPOSED, FOLDER_DAMAGED, FOLDER_UNUSABLE, CA_FILE_UNREADABLE. */
export function readIdentity(dir: string): Identity {
  const files = deviceFiles(dir)
  const json = readOptional(files.configuration)
  const cert = readOptional(files.certificate)
  if (json === undefined || cert === undefined) throw new DeviceFault('NOT_ENROLLED', `${dir} holds no device`)
  const configuration = parseConfiguration(json)
  const certificate = parseCertificate(cert, files.certificate)
  const key = readKeyOf(certificate, files.key)
  if (key !== undefined) return createIdentity(configuration, certificate, cert, key)
  // The certificate is replaced before its key: a crash between the two leaves the key where it came from.
  const strays = [files.pendingKey, files.renewal.key, files.previous.key]
  const stray = strays.find((path) => readKeyOf(certificate, path) !== undefined)
  // Else another process is replacing them just now.
  if (readOptional(files.certificate) === cert) {
    if (stray === undefined) {
      throw new DeviceFault('FOLDER_DAMAGED', `${files.key} is not the key of the certificate beside it`)
    }
    renameDurably(stray, files.key)
  }
  return readIdentity(dir)
}

/** The identity of a slot beside the present one; undefined unless all of it is there and fits. Throws KEY_EXPOSED, FOLDER_UNUSABLE, CA_FILE_UNREADABLE. */
export function readSpare(slot: Slot): Identity | undefined {
  try {
    const json = readOptional(slot.configuration)
    const cert = readOptional(slot.certificate)
    if (json === undefined || cert === undefined) return undefined
    const certificate = parseCertificate(cert, slot.certificate)
    const key = readKeyOf(certificate, slot.key)
    return key === undefined ? undefined : createIdentity(parseConfiguration(json), certificate, cert, key)
  } catch (error) {
    if (error instanceof DeviceFault && error.code === 'FOLDER_DAMAGED') return undefined
    throw error
  }
}

/** The PEM of a key that nobody else may read, or undefined when there is none. Throws KEY_EXPOSED, FOLDER_UNUSABLE. */
export function readKey(path: string): string | undefined {
  const key = readOptional(path)
  if (key !== undefined && (statSync(path).mode & 0o077) !== 0) {
    throw new DeviceFault('KEY_EXPOSED', `${path} can be read or written by other users`)
  }
  return key
}

/** Throws FOLDER_DAMAGED. */
export function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new DeviceFault('FOLDER_DAMAGED', `${path} is no private key`, { cause: error })
  }
}

/** Throws CA_FILE_UNREADABLE. */
export function readCaFile(path: string): string {
  try {
    const pem = readFileSync(path, 'utf8')
    new X509Certificate(pem)
    return pem
  } catch (error) {
    throw new DeviceFault('CA_FILE_UNREADABLE', `${path} is no CA file: ${(error as Error).message}`, { cause: error })
  }
}

export function deviceFiles(dir: string): DeviceFiles {
  const slot = (name: string): Slot => ({
    key: join(dir, `${name}.key`),
    certificate: join(dir, `${name}.pem`),
    configuration: join(dir, `${name}.json`),
  })
  return {
    ...slot('device'),
    pendingKey: join(dir, 'device.key.pending'),
    token: join(dir, 'credentials.token'),
    renewal: slot('renewal'),
    previous: slot('previous'),
  }
}

function createIdentity(
  configuration: SavedConfiguration,
  certificate: X509Certificate,
  cert: string,
  key: string,
): Identity {
  const ca = configuration.caFile === undefined ? undefined : readCaFile(configuration.caFile)
  return { configuration, certificate, tls: { key, cert, ...(ca !== undefined && { ca }) } }
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new DeviceFault('FOLDER_DAMAGED', `${path} is no certificate`, { cause: error })
  }
}

function readKeyOf(certificate: X509Certificate, path: string): string | undefined {
  const pem = readKey(path)
  return pem !== undefined && certificate.checkPrivateKey(parseKey(pem, path)) ? pem : undefined
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DeviceFault('FOLDER_UNUSABLE', `cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}
