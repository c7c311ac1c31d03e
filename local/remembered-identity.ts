import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CloudIdentity {
  readonly accountId: string
  readonly region: string
}

const defaults: CloudIdentity = { accountId: '000000000000', region: 'us-east-1' }

/** A folder is one account in one region for good, since all that it keeps is named so. Throws when another is asked for. */
export function settleIdentity(folder: string, asked: Partial<CloudIdentity>): CloudIdentity {
  const file = join(folder, 'identity.json')
  const earlier: CloudIdentity | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  const { accountId, region } = { ...defaults, ...earlier, ...asked }
  if (earlier && (accountId !== earlier.accountId || region !== earlier.region)) {
    throw new Error(
      `${folder} holds the account ${earlier.accountId} in ${earlier.region}: remove it, or take another state folder`,
    )
  }
  writeFileSync(`${file}.new`, `${JSON.stringify({ accountId, region })}\n`)
  renameSync(`${file}.new`, file)
  return { accountId, region }
}
