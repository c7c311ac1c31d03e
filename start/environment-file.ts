import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '#operator/operator-error.ts'

/** Where a running cloud keeps its environment, for a shell: `. .thingdrop/operator.env`. It holds a secret key. */
export const environmentFileIn = (stateDir: string) => join(stateDir, 'operator.env')

/** Writes the file for its owner alone, whatever was there before. */
export async function writeEnvironmentFile(stateDir: string, environment: Readonly<Record<string, string>>) {
  const file = environmentFileIn(stateDir)
  await rm(file, { force: true })
  await writeFile(file, formatEnvironment(environment), { mode: 0o600, flag: 'wx' })
}

export async function removeEnvironmentFile(stateDir: string): Promise<void> {
  await rm(environmentFileIn(stateDir), { force: true })
}

/** What the file says. Throws LOCAL_CLOUD_ABSENT when no cloud is up on the folder. */
export async function readEnvironmentFile(stateDir: string): Promise<string> {
  try {
    return await readFile(environmentFileIn(stateDir), 'utf8')
  } catch (cause) {
    throw new OperatorError('LOCAL_CLOUD_ABSENT', `no embedded cloud is up on ${stateDir}`, {
      hint: 'start one with `thingdrop local`; --state DIR names another folder',
      cause,
    })
  }
}

/** What another identity left in the shell would go before the operator's keys, or along with them. */
function formatEnvironment(environment: Readonly<Record<string, string>>): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${quoteForShell(value)}\n`)
  return ['unset AWS_PROFILE AWS_SESSION_TOKEN\n', ...exports].join('')
}

function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
