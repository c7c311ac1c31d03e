import type { ZodType } from 'zod'
import { Fault } from '#contract/fault.ts'

/** A position as callers carry it: opaque to them, so that what it holds may change. */
export function formatCursor(position: string): string {
  return Buffer.from(position).toString('base64url')
}

/** The position of a cursor that formatCursor made and `pattern` fits. Throws CURSOR_INVALID. */
export function parseCursor(cursor: string | undefined, pattern: RegExp): string | undefined {
  if (cursor === undefined) return undefined
  const position = Buffer.from(cursor, 'base64url').toString('utf8')
  if (pattern.test(position)) return position
  throw notOfThisList()
}

/** The same for a position of several parts, which formatCursor got as JSON. */
export function parseJsonCursor<Position>(cursor: string | undefined, schema: ZodType<Position>): Position | undefined {
  if (cursor === undefined) return undefined
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch {
    throw notOfThisList()
  }
}

function notOfThisList(): Fault {
  return new Fault('CURSOR_INVALID', 'the cursor is not one of this list', {
    hint: 'give the cursor of the page before as it came, with the same filters, or leave it out to begin anew',
  })
}
