import { DeviceFault } from './device-fault.ts'
import { readKey } from './device-folder.ts'
import type { Runtime } from './runtime.ts'
import { createFileDurably } from './write-file-durably.ts'

const tokenPattern = /^[0-9a-f]{64}$/

/**
 * The token in a file that nobody else may read, or a new one there. It is kept, so that programs that run on find it
 * valid when the server was started again. Throws KEY_EXPOSED, FOLDER_UNUSABLE, TOKEN_FILE_DAMAGED.
 */
export function prepareToken(path: string, { randomBytes }: Pick<Runtime, 'randomBytes'>): string {
  // Without a newline at its end: SDKs send the file as it is.
  const fresh = Buffer.from(randomBytes(32)).toString('hex')
  if (readKey(path) === undefined && createFileDurably(path, fresh)) return fresh
  const token = readKey(path) ?? ''
  if (tokenPattern.test(token)) return token
  throw new DeviceFault('TOKEN_FILE_DAMAGED', `${path} holds no token of ours`)
}
