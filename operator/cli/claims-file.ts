import { type FileHandle, open } from 'node:fs/promises'
import type { CreateClaimResponse } from '#contract/claims-api.ts'
import { OperatorError } from '../operator-error.ts'
import { formatCsvRecord } from '../output/csv.ts'

export interface ClaimsFile {
  /** Things whose claims it holds. */
  readonly things: ReadonlySet<string>
  /** Resolves when the claim would outlive a power cut. */
  append(claim: CreateClaimResponse): Promise<void>
  close(): Promise<void>
}

export const claimsHeader = formatCsvRecord(['thing', 'claimId', 'expiresAt', 'claimUrl'])

export function formatClaimRecord({ thingName, claimId, expiresAt, claimUrl }: CreateClaimResponse): string {
  return formatCsvRecord([thingName, claimId, expiresAt, claimUrl])
}

/**
 * A CSV file of claims that only its owner reads (mode 0600), begun or gone on with. A last line that a crash left
 * unfinished is taken away: its claim is unusable. Throws FILE_UNWRITABLE.
 */
export async function openClaimsFile(path: string): Promise<ClaimsFile> {
  const file = await orUnwritable(path, () => open(path, 'a+', 0o600))
  try {
    await orUnwritable(path, () => file.chmod(0o600))
    const text = await file.readFile('utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole !== '' && !whole.startsWith(claimsHeader)) {
      throw new OperatorError('FILE_UNWRITABLE', `${path} is there and holds something else`, {
        hint: 'name another file, or one that this command wrote, to go on with it',
      })
    }
    if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole))
    if (whole === '') await append(path, file, claimsHeader)
    return { ...createAppender(path, file), things: thingsIn(whole), close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** One write after the other, so that no two lines mix. */
function createAppender(path: string, file: FileHandle): Pick<ClaimsFile, 'append'> {
  let last = Promise.resolve()
  return {
    append(claim) {
      last = last.then(() => append(path, file, formatClaimRecord(claim)))
      return last
    },
  }
}

async function append(path: string, file: FileHandle, text: string): Promise<void> {
  await orUnwritable(path, async () => {
    await file.appendFile(text)
    await file.datasync()
  })
}

/** A name that begins with `-` is written as `"'-…"`, so that no spreadsheet computes it; no name has a quote of its own. */
function thingsIn(text: string): ReadonlySet<string> {
  const lines = text.split('\r\n').slice(1, -1)
  return new Set(lines.map((line) => line.slice(0, line.indexOf(',')).replace(/["']/g, '')))
}

async function orUnwritable<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new OperatorError('FILE_UNWRITABLE', `${path} cannot be written: ${code}`, {
      hint: 'check the folder, its rights and its room',
      cause,
    })
  }
}
