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

export interface DeviceFiles {
  readonly key: string
  /** The key that a certificate is being asked for; it becomes `key` when the certificate is here. */
  readonly pendingKey: string
  readonly certificate: string
  readonly configuration: string
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
  const key = readKeyOf(certificate, files)
  const ca = configuration.caFile === undefined ? undefined : readCaFile(configuration.caFile)
  return { configuration, certificate, tls: { key, cert, ...(ca !== undefined && { ca }) } }
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

function deviceFiles(dir: string): DeviceFiles {
  return {
    key: join(dir, 'device.key'),
    pendingKey: join(dir, 'device.key.pending'),
    certificate: join(dir, 'device.pem'),
    configuration: join(dir, 'device.json'),
  }
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new DeviceFault('FOLDER_DAMAGED', `${path} is no certificate`, { cause: error })
  }
}

/** Certificate and key are two files: enroll replaces the certificate first, so a crash between them is mended here. */
function readKeyOf(certificate: X509Certificate, { key, pendingKey }: DeviceFiles): string {
  for (const path of [key, pendingKey]) {
    const pem = readKey(path)
    if (pem === undefined || !certificate.checkPrivateKey(parseKey(pem, path))) continue
    if (path === pendingKey) renameDurably(pendingKey, key)
    return pem
  }
  throw new DeviceFault('FOLDER_DAMAGED', `${key} is not the key of the certificate beside it`)
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DeviceFault('FOLDER_UNUSABLE', `cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
}
