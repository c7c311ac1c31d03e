import { AwsError } from '#local/service.ts'

const MAX_ENTRIES = 10

interface Entry {
  readonly Id?: string | undefined
}

interface FailedEntry {
  readonly Id: string
  readonly SenderFault: boolean
  readonly Code: string
  readonly Message: string
}

/** The entries of a batch request, each with an id of its own. Throws EmptyBatchRequest and the like. */
export function parseEntries<T extends Entry>(entries: readonly T[] | undefined): (T & { Id: string })[] {
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.')
  }
  if (entries.length > MAX_ENTRIES) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`,
    )
  }
  const ids = new Set<string>()
  for (const { Id } of entries) {
    if (typeof Id !== 'string' || !/^[\w-]{1,80}$/.test(Id)) {
      throw new AwsError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      )
    }
    if (ids.has(Id)) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${Id} repeated.`)
    ids.add(Id)
  }
  return [...entries]
}

/** Each entry succeeds or fails alone. */
export function runBatch<T extends { Id: string }, R extends object>(entries: readonly T[], run: (entry: T) => R) {
  const Successful: (R & { Id: string })[] = []
  const Failed: FailedEntry[] = []
  for (const entry of entries) {
    const { Id } = entry
    try {
      Successful.push({ Id, ...run(entry) })
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      Failed.push({ Id, SenderFault: error.status < 500, Code: error.code, Message: error.message })
    }
  }
  return { Successful, Failed }
}
