/** Whether a pattern with `*` and `?` fits a whole text. Takes time in proportion to both lengths at most. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let position = 0
  let star = -1
  let resumeAt = 0
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = at++
      resumeAt = position
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[position])) {
      at++
      position++
    } else if (star >= 0) {
      at = star + 1
      position = ++resumeAt
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
