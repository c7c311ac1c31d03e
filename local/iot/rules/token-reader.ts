import { sqlParseError, type Token } from './sql-tokens.ts'

/** A position in a list of tokens: `is…` looks, `take…` moves on if it fits, `expect…` throws SqlParseException if not. */
export interface TokenReader {
  peek(ahead?: number): Token
  take(): Token
  isWord(word: string): boolean
  takeWord(word: string): boolean
  expectWord(word: string): void
  isSymbol(symbol: string): boolean
  takeSymbol(symbol: string): boolean
  expectSymbol(symbol: string): void
  expectName(): string
  expectString(): string
  expectEnd(): void
  unexpected(wanted: string): Error
}

export function createTokenReader(tokens: readonly Token[]): TokenReader {
  let position = 0
  const end = tokens[tokens.length - 1] as Token
  const reader: TokenReader = {
    peek: (ahead = 0) => tokens[position + ahead] ?? end,
    take: () => tokens[position++] ?? end,
    isWord: (word) => reader.peek().kind === 'word' && reader.peek().text.toLowerCase() === word,
    takeWord: (word) => takeIf(reader.isWord(word)),
    expectWord(word) {
      if (!reader.takeWord(word)) throw reader.unexpected(word.toUpperCase())
    },
    isSymbol: (symbol) => reader.peek().kind === 'symbol' && reader.peek().text === symbol,
    takeSymbol: (symbol) => takeIf(reader.isSymbol(symbol)),
    expectSymbol(symbol) {
      if (!reader.takeSymbol(symbol)) throw reader.unexpected(symbol)
    },
    expectName: () => expectKind('word', 'a name'),
    expectString: () => expectKind('string', 'a quoted string'),
    expectEnd() {
      if (reader.peek().kind !== 'end') throw reader.unexpected('the end of the statement')
    },
    unexpected(wanted) {
      const { text, offset } = reader.peek()
      return sqlParseError(`Expected ${wanted} but found ${text} at position ${offset}`)
    },
  }

  function takeIf(fits: boolean): boolean {
    if (fits) position++
    return fits
  }

  function expectKind(kind: Token['kind'], wanted: string): string {
    if (reader.peek().kind !== kind) throw reader.unexpected(wanted)
    return reader.take().text
  }

  return reader
}
