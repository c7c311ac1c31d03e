const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => escapes[character] ?? character)
}

/**
 * A value as the query protocol writes it: an array as `<member>`s, a Map as `<entry>`s with key and value, a Date as
 * ISO text, bytes as base64. Undefined members are left out.
 */
export function encodeXmlMember(name: string, value: unknown): string {
  return value === undefined || value === null ? '' : `<${name}>${encodeXmlValue(value)}</${name}>`
}

function encodeXmlValue(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map((item) => encodeXmlMember('member', item)).join('')
  if (value instanceof Map) {
    return [...value]
      .map(([key, item]) => `<entry>${encodeXmlMember('key', key)}${encodeXmlMember('value', item)}</entry>`)
      .join('')
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, item]) => encodeXmlMember(name, item))
      .join('')
  }
  return escapeXml(String(value))
}
