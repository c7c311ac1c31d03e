const ascii = /^[\x20-\x7e]*$/
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
/** What terminals draw two cells wide: East Asian Width W and F (UAX #11), approximated by script, and emoji. */
const wide =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]|\ufe0f/u

const segmenter = new Intl.Segmenter()

/** The cells of a terminal that the text takes. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length
  return segmentsOf(text).reduce((cells, segment) => cells + cellsOf(segment), 0)
}

/** At most `width` cells: the middle gives way to `…`, because a key tells most at its ends. */
export function fitWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  const segments = segmentsOf(text)
  const head = takeCells(segments, Math.ceil((width - 1) / 2))
  const tail = takeCells(segments.toReversed(), Math.floor((width - 1) / 2)).toReversed()
  return `${head.join('')}…${tail.join('')}`
}

function takeCells(segments: readonly string[], cells: number): string[] {
  const taken: string[] = []
  let left = cells
  for (const segment of segments) {
    left -= cellsOf(segment)
    if (left < 0) break
    taken.push(segment)
  }
  return taken
}

/** What a reader sees as characters: a letter with its accents, an emoji with its modifiers. */
function segmentsOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function cellsOf(segment: string): number {
  if (zeroWidth.test(segment)) return 0
  return wide.test(segment) ? 2 : 1
}
