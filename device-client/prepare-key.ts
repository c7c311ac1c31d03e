import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { parseKey, readKey } from './device-folder.ts'
import { createFileDurably } from './write-file-durably.ts'

/**
 * The key at a path, or a new EC P-256 key there, on disk before it is returned: who asks for a certificate again asks
 * with the same key and gets the same certificate. Throws KEY_EXPOSED, FOLDER_DAMAGED, FOLDER_UNUSABLE.
 */
export function prepareKey(path: string): KeyObject {
  return parseKey(readKey(path) ?? createKey(path), path)
}

function createKey(path: string): string {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  // Of two processes at once the second takes the first one's key.
  return createFileDurably(path, privateKey) ? privateKey : (readKey(path) ?? privateKey)
}
