import { constraint } from './check-input.ts'
import { invalidInput } from './events-errors.ts'

export interface PageInput {
  readonly Limit?: number | undefined
  readonly NextToken?: string | undefined
}

/** A page of what is sorted by id; the token holds the last id of the page before. */
export function pageOf<T>(items: readonly T[], idOf: (item: T) => string, { Limit = 100, NextToken }: PageInput) {
  if (!Number.isInteger(Limit) || Limit < 1 || Limit > 100) {
    throw constraint(Limit, 'limit', 'Member must have value between 1 and 100')
  }
  const after = NextToken === undefined ? '' : decodeToken(NextToken)
  const left = items.filter((item) => idOf(item) > after)
  const page = left.slice(0, Limit)
  const last = page.at(-1)
  const more = last !== undefined && left.length > page.length
  return { page, paging: more ? { NextToken: Buffer.from(idOf(last)).toString('base64url') } : {} }
}

function decodeToken(token: string): string {
  const id = Buffer.from(token, 'base64url').toString()
  if (Buffer.from(id).toString('base64url') !== token) throw invalidInput('Invalid NextToken')
  return id
}
