/** Octets that stay: Java's URLEncoder (`a-zA-Z0-9.-*_`), and the slash. A space becomes a plus. */
const kept = /[^A-Za-z0-9.\-*_/ ]/gu

/** A key as events and `encoding-type=url` listings write it: "red flower.jpg" is "red+flower.jpg". */
export function formEncode(key: string): string {
  return key.replace(kept, percentEncode).replaceAll(' ', '+')
}

function percentEncode(character: string): string {
  return Buffer.from(character).reduce(
    (text, octet) => `${text}%${octet.toString(16).toUpperCase().padStart(2, '0')}`,
    '',
  )
}
