import { s3Error } from '../s3-error.ts'

export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

const token =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[(?<cdata>[\s\S]*?)\]\]>|<\/(?<close>[^\s<>/]+)\s*>|<(?<open>[^\s<>/!?]+)(?:\s(?:"[^"]*"|'[^']*'|[^"'<>/])*)?(?<empty>\/?)>|(?<text>[^<]+)/y
const entity = /&(?:#x(?<hex>[0-9a-fA-F]{1,6})|#(?<decimal>[0-9]{1,7})|(?<name>[a-z]+))?;?/g
const namedEntities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Reads an XML document without a DTD. S3 keys may hold control characters that XML 1.0 forbids, and S3 takes them
 * as `&#x1;`: XML libraries drop or refuse those, so they would name another key.
 */
export function parseXml(source: string): XmlElement {
  const document: XmlElement = { name: '', children: [], text: '' }
  const open = [document]
  token.lastIndex = 0
  while (token.lastIndex < source.length) {
    const groups = token.exec(source)?.groups
    const parent = open.at(-1)
    if (!groups || !parent) throw s3Error('MalformedXML')
    if (groups.open !== undefined) {
      const element = { name: withoutPrefix(groups.open), children: [], text: '' }
      parent.children.push(element)
      if (!groups.empty) open.push(element)
    } else if (groups.close !== undefined) {
      if (open.length === 1 || parent.name !== withoutPrefix(groups.close)) throw s3Error('MalformedXML')
      open.pop()
    } else if (groups.cdata !== undefined) {
      parent.text += groups.cdata
    } else if (groups.text !== undefined) {
      // Line ends become \n: XML 1.0, section 2.11.
      parent.text += groups.text.replace(/\r\n?/g, '\n').replace(entity, readEntity)
    }
  }
  const [root] = document.children
  const outside = document.text.replace('\u{FEFF}', '').trim()
  if (open.length !== 1 || document.children.length !== 1 || !root || outside) throw s3Error('MalformedXML')
  return root
}

function readEntity(reference: string, ...match: unknown[]): string {
  const groups = match.at(-1) as { hex?: string; decimal?: string; name?: string }
  const named = groups.name && namedEntities[groups.name]
  const codePoint = groups.hex ? Number.parseInt(groups.hex, 16) : Number(groups.decimal)
  if (!reference.endsWith(';') || !(named || codePoint <= 0x10ffff)) throw s3Error('MalformedXML')
  return named || String.fromCodePoint(codePoint)
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
