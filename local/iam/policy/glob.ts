/** Wildcards stand beside the UTF-16 code units of a pattern, so a `*` that came out of a variable's value stays a character. */
export const ANY_ONE = -1
export const ANY_MANY = -2

/** Takes time proportional to pattern × value at worst: only the last `*` is ever tried again. */
export function matchesGlob(pattern: readonly number[], value: string): boolean {
  let at = 0
  let position = 0
  let lastMany = -1
  let retryFrom = 0
  while (position < value.length) {
    const expected = pattern[at]
    if (expected === ANY_MANY) {
      lastMany = at++
      retryFrom = position
    } else if (expected === ANY_ONE || expected === value.charCodeAt(position)) {
      at++
      position++
    } else if (lastMany >= 0) {
      at = lastMany + 1
      position = ++retryFrom
    } else {
      return false
    }
  }
  while (pattern[at] === ANY_MANY) at++
  return at === pattern.length
}
