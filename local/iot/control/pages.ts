import type { Registry } from '../registry/types.ts'
import { invalidRequest } from './errors.ts'

export interface PageRequest<Row> {
  readonly token: string | undefined
  readonly limit: number | undefined
  /** Rows after a cursor, at most `limit` of them, in the order of the cursors. */
  readonly read: (after: string | undefined, limit: number) => readonly Row[]
  readonly cursorOf: (row: Row) => string
  readonly keep?: ((row: Row) => boolean) | undefined
}

export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly next: string | undefined
}

const defaultLimit = 25
/** A filter may pass few rows, so it reads more at a time than a page holds. */
const filterChunk = 500

export function readPage<Row>({ token, limit = defaultLimit, read, cursorOf, keep }: PageRequest<Row>): Page<Row> {
  const chunk = keep ? filterChunk : limit + 1
  const kept: Row[] = []
  for (let after = token === undefined ? undefined : decodeToken(token); ; ) {
    const rows = read(after, chunk)
    for (const row of rows) if (!keep || keep(row)) kept.push(row)
    const last = kept[limit - 1]
    if (last !== undefined && kept.length > limit)
      return { rows: kept.slice(0, limit), next: encodeToken(cursorOf(last)) }
    const lastRead = rows.at(-1)
    if (lastRead === undefined || rows.length < chunk) return { rows: kept, next: undefined }
    after = cursorOf(lastRead)
  }
}

/** Pages a list of names that is in memory; the cursor is how many are read. */
export function pageNames(
  names: readonly string[],
  token: string | undefined,
  limit: number | undefined,
): Page<string> {
  const page = readPage({
    token,
    limit,
    read: (after, count) => {
      const start = readCount(after)
      return names.slice(start, start + count).map((name, index) => ({ name, count: start + index + 1 }))
    },
    cursorOf: ({ count }) => String(count),
  })
  return { rows: page.rows.map(({ name }) => name), next: page.next }
}

function readCount(cursor: string | undefined): number {
  if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) throw invalidToken()
  return Number(cursor ?? 0)
}

export interface AgePageInput {
  readonly pageSize?: number | undefined
  readonly marker?: string | undefined
  readonly ascendingOrder?: boolean | undefined
}

/** Pages by creation date; the newest first unless ascendingOrder is set. */
export function readAgePage<T>(
  registry: Registry,
  collection: Parameters<Registry['listByAge']>[0],
  { pageSize, marker, ascendingOrder = false }: AgePageInput,
  keep?: (value: T) => boolean,
): Page<T> {
  const page = readPage({
    token: marker,
    limit: pageSize,
    read: (after, limit) =>
      registry.listByAge<T>(collection, {
        descending: !ascendingOrder,
        limit,
        after: after ? parseCursor(after) : undefined,
      }),
    cursorOf: ({ createdAtMs, id }) => `${createdAtMs} ${id}`,
    keep: keep && (({ value }) => keep(value)),
  })
  return { rows: page.rows.map(({ value }) => value), next: page.next }
}

function parseCursor(cursor: string): { createdAtMs: number; id: string } {
  const match = /^(\d+) (.+)$/.exec(cursor)
  if (!match?.[1] || !match[2]) throw invalidToken()
  return { createdAtMs: Number(match[1]), id: match[2] }
}

function encodeToken(cursor: string): string {
  return Buffer.from(cursor).toString('base64url')
}

function decodeToken(token: string): string {
  const cursor = Buffer.from(token, 'base64url').toString()
  if (encodeToken(cursor) !== token) throw invalidToken()
  return cursor
}

function invalidToken() {
  return invalidRequest('The pagination token is not valid')
}
