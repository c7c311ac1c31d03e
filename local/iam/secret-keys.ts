import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Directory } from './directory.ts'

/** All secrets come from one random master key: no secret access key is kept, and no session needs a table. */
export interface SecretKeys {
  secretAccessKey(accessKeyId: string): string
  /** The text goes into a token that only opens together with the access key id it was sealed for. */
  seal(accessKeyId: string, text: string): string
  /** Undefined for anything that seal did not make. */
  open(accessKeyId: string, token: string): string | undefined
}

const ivBytes = 12
const tagBytes = 16

export function openSecretKeys(directory: Directory): SecretKeys {
  directory.change(() => directory.settings.create('master-key', randomBytes(32).toString('base64')))
  const master = Buffer.from(directory.settings.get('master-key') ?? '', 'base64')
  const derive = (purpose: string, bytes: number) => Buffer.from(hkdfSync('sha256', master, '', purpose, bytes))
  const tokenKey = derive('session token', 32)
  return {
    secretAccessKey: (accessKeyId) => derive(`secret access key of ${accessKeyId}`, 30).toString('base64'),
    seal(accessKeyId, text) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', tokenKey, iv).setAAD(Buffer.from(accessKeyId))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
    },
    open(accessKeyId, token) {
      const bytes = Buffer.from(token, 'base64')
      if (bytes.length < ivBytes + tagBytes) return undefined
      const decipher = createDecipheriv('aes-256-gcm', tokenKey, bytes.subarray(0, ivBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(Buffer.from(accessKeyId)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
      try {
        return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
      } catch {
        return undefined
      }
    },
  }
}
