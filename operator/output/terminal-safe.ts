import { stripVTControlCharacters } from 'node:util'

/** C0, DEL and C1; the bidirectional controls of UAX #9; the line and paragraph separators; halves of surrogate pairs. */
const unsafe = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu

/** Text of strangers as a terminal may show it: no escape sequence, no second line, no order but the one it is read in. */
export function terminalSafe(text: string): string {
  return stripVTControlCharacters(text).replace(unsafe, '')
}

/** JSON of the same value with the unsafe characters that JSON.stringify leaves (DEL, C1, bidi) as escapes. */
export function formatSafeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
