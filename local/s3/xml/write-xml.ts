export type XmlValue = string | number | boolean | Date | readonly XmlValue[] | XmlFields
export interface XmlFields {
  readonly [element: string]: XmlValue | undefined
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
// biome-ignore lint/suspicious/noControlCharactersInRegex: S3 writes control characters of keys as references
const special = /[&<>"\u0000-\u001f\u007f\ufffe\uffff]/g

/** An XML document of S3. A list repeats its element; an undefined field is left out; an element's name may carry attributes. */
export function writeXml(root: string, content: XmlFields | string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement(`${root} xmlns="${namespace}"`, content)}`
}

/** S3's error documents have no namespace. */
export function writeErrorXml(fields: XmlFields): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement('Error', fields)}`
}

function writeFields(fields: XmlFields): string {
  let xml = ''
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined) xml += writeElement(name, value)
  }
  return xml
}

function writeElement(name: string, value: XmlValue): string {
  if (isList(value)) return value.map((item) => writeElement(name, item)).join('')
  const content = typeof value === 'object' && !(value instanceof Date) ? writeFields(value) : writeText(value)
  return `<${name}>${content}</${name.split(' ', 1)[0]}>`
}

function writeText(value: string | number | boolean | Date): string {
  if (value instanceof Date) return value.toISOString()
  return String(value).replace(
    special,
    (character) => named[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  )
}

const named: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '\n',
  '\t': '\t',
  '\r': '&#13;',
}

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value)
}
