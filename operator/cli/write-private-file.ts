import { open, rm } from 'node:fs/promises'
import { OperatorError } from '../operator-error.ts'

/**
 * Makes a new file that only its owner reads, then the secret, then writes it: what is shown once is not asked for
 * when there is nowhere to put it. Throws FILE_UNWRITABLE; never writes over a file, and leaves none after a failure.
 */
export async function writePrivateFile<Secret>(
  path: string,
  makeSecret: () => Promise<Secret>,
  format: (secret: Secret) => string,
): Promise<Secret> {
  const file = await open(path, 'wx', 0o600).catch((cause) => {
    throw new OperatorError('FILE_UNWRITABLE', `${path} cannot be made: ${cause.code}`, {
      hint:
        cause.code === 'EEXIST'
          ? 'name another file: it is there, and may hold a claim'
          : 'check the folder and its rights',
      cause,
    })
  })
  try {
    const secret = await makeSecret()
    await file.writeFile(format(secret))
    await file.sync()
    return secret
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}
