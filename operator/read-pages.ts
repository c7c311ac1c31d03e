import { OperatorError } from './operator-error.ts'

export interface Page {
  readonly cursor?: string | undefined
}

export interface PageRange {
  /** Rows to read in all; Infinity for every one. */
  readonly limit: number
  /** Where an earlier reading stopped. */
  readonly cursor?: string | undefined
}

/** The API's largest page. */
const maxPageRows = 1000

/**
 * Reads page after page until `limit` rows came or no cursor follows. A page may be empty and have a cursor: the
 * API looked at a shard that had nothing. The last page's cursor is where a next reading goes on. With `isAhead` the next
 * page is on its way while the caller has this one; two are in memory then.
 */
export async function* readPages<P extends Page>(
  readPage: (page: { limit: number; cursor?: string | undefined }) => Promise<P>,
  countRows: (page: P) => number,
  range: PageRange,
  { isAhead = false } = {},
): AsyncGenerator<P, void, undefined> {
  let { cursor, limit: missing } = range
  const read = () => readPage({ limit: Math.min(missing, maxPageRows), cursor })
  let ahead: Promise<P> | undefined
  do {
    const page = await (ahead ?? read())
    ahead = undefined
    if (page.cursor !== undefined && page.cursor === cursor) {
      throw new OperatorError(
        'API_ANSWER_INVALID',
        'the API answered the cursor that it was asked with: no end in sight',
      )
    }
    cursor = page.cursor
    missing -= countRows(page)
    if (isAhead && cursor !== undefined && missing > 0) {
      ahead = read()
      // Who stops here never asks what became of it.
      ahead.catch(() => {})
    }
    yield page
  } while (cursor !== undefined && missing > 0)
}
