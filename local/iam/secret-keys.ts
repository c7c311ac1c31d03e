import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { Directory } from './directory.ts'

/** All secrets come from one random master key: no secret access key is kept, and no session needs a table. */
export interface SecretKeys {
  secretAccessKey(accessKeyId: string): string
  /** The text goes into a token that only opens together with the access key id it was sealed for. */
  seal(accessKeyId: string, text: string): string
  /** Undefined for anything that seal did not make. */
  open(accessKeyId: string, token: string): string | undefined
}

const secretBytes = 30
const ivBytes = 12
const tagBytes = 16

export function openSecretKeys(directory: Directory): SecretKeys {
  directory.change(() => directory.settings.create('master-key', randomBytes(32).toString('base64')))
  const master = Buffer.from(directory.settings.get('master-key') ?? '', 'base64')
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', master, '', purpose, 32))
  const secretsKey = derive('secret access keys')
  const tokenKey = derive('session tokens')
  return {
    secretAccessKey: (accessKeyId) =>
      createHmac('sha256', secretsKey).update(accessKeyId).digest().subarray(0, secretBytes).toString('base64'),
    seal(accessKeyId, text) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', tokenKey, iv).setAAD(Buffer.from(accessKeyId))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
    },
    open(accessKeyId, token) {
      const bytes = Buffer.from(token, 'base64')
      // Node overlooks what is no base64, and a token has one spelling only.
      if (bytes.length < ivBytes + tagBytes || bytes.toString('base64') !== token) return undefined
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
