import { AwsError } from '#local/service.ts'

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'symbol' | 'end'
  readonly text: string
  readonly offset: number
}

const TOKEN =
  /(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<single>'[^']*')|(?<double>"[^"]*")|(?<symbol><>|!=|<=|>=|[=<>+\-*/%(),.[\]@])/uy

export function sqlParseError(message: string): AwsError {
  return new AwsError('SqlParseException', message)
}

/** Splits a statement of AWS IoT SQL; the last token is always `end`. */
export function tokenizeSql(sql: string): Token[] {
  const tokens: Token[] = []
  const pattern = new RegExp(TOKEN)
  let offset = 0
  for (;;) {
    while (/\s/.test(sql.charAt(offset))) offset++
    if (offset >= sql.length) return [...tokens, { kind: 'end', text: 'end of statement', offset }]
    pattern.lastIndex = offset
    const groups = pattern.exec(sql)?.groups
    if (!groups) throw sqlParseError(`Unexpected ${JSON.stringify(sql.charAt(offset))} at position ${offset}`)
    tokens.push({ ...readToken(groups), offset })
    offset = pattern.lastIndex
  }
}

function readToken(groups: Record<string, string | undefined>): Pick<Token, 'kind' | 'text'> {
  if (groups.word !== undefined) return { kind: 'word', text: groups.word }
  if (groups.number !== undefined) return { kind: 'number', text: groups.number }
  if (groups.symbol !== undefined) return { kind: 'symbol', text: groups.symbol }
  return { kind: 'string', text: (groups.single ?? groups.double ?? '').slice(1, -1) }
}
