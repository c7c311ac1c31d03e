import { s3Error } from '../s3-error.ts'
import type { XmlElement } from './parse-xml.ts'
import type { XmlFields, XmlValue } from './write-xml.ts'

/** How a shape of the S3 API model is written in XML. */
export type Shape = 'text' | 'number' | 'boolean' | ListShape | StructShape
interface ListShape {
  readonly kind: 'list'
  readonly of: Shape
  /** The element of each item, inside the list's own element (`<TagSet><Tag/><Tag/></TagSet>`). */
  readonly item?: string
  /** The element that repeats, where the list has none of its own (`<Rule/><Rule/>` for Rules). */
  readonly flat?: string
}
interface StructShape {
  readonly kind: 'struct'
  readonly members: Readonly<Record<string, Shape>>
  readonly required: readonly string[]
  /** Elements whose name is not that of their member. */
  readonly elements: Readonly<Record<string, string>>
}

export function struct(
  members: Record<string, Shape>,
  { required = [], elements = {} }: { required?: string[]; elements?: Record<string, string> } = {},
): StructShape {
  return { kind: 'struct', members, required, elements }
}

export const wrappedList = (item: string, of: Shape): ListShape => ({ kind: 'list', of, item })
export const flatList = (flat: string, of: Shape): ListShape => ({ kind: 'list', of, flat })

/** Reads an element as the value of the API model; an element that the shape does not know is MalformedXML. */
export function decodeXml(element: XmlElement, shape: Shape): unknown {
  if (shape === 'text') return element.text
  if (shape === 'number') return parseNumber(element.text)
  if (shape === 'boolean') return parseBoolean(element.text)
  if (shape.kind === 'list') {
    if (element.children.some((child) => child.name !== shape.item)) throw s3Error('MalformedXML')
    return element.children.map((child) => decodeXml(child, shape.of))
  }
  return decodeStruct(element, shape)
}

function decodeStruct(element: XmlElement, shape: StructShape): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const child of element.children) {
    const found = Object.entries(shape.members).find(([member, of]) => elementOf(shape, member, of) === child.name)
    if (!found) throw s3Error('MalformedXML')
    const [member, of] = found
    if (isFlat(of)) {
      const items = value[member] as unknown[] | undefined
      if (items) items.push(decodeXml(child, of.of))
      else value[member] = [decodeXml(child, of.of)]
    } else {
      if (member in value) throw s3Error('MalformedXML')
      value[member] = decodeXml(child, of)
    }
  }
  if (shape.required.some((member) => !(member in value))) throw s3Error('MalformedXML')
  return value
}

/** The inverse of decodeXml, for writeXml. */
export function encodeXml(value: unknown, shape: Shape): XmlValue {
  if (typeof shape === 'string') return value as XmlValue
  if (shape.kind === 'list') {
    const items = (value as unknown[]).map((item) => encodeXml(item, shape.of))
    return shape.item ? { [shape.item]: items } : items
  }
  const fields: Record<string, XmlValue> = {}
  for (const [member, of] of Object.entries(shape.members)) {
    const memberValue = (value as Record<string, unknown>)[member]
    if (memberValue !== undefined) fields[elementOf(shape, member, of)] = encodeXml(memberValue, of)
  }
  return fields satisfies XmlFields
}

function elementOf(shape: StructShape, member: string, of: Shape): string {
  return shape.elements[member] ?? (isFlat(of) ? of.flat : member)
}

function isFlat(shape: Shape): shape is ListShape & { flat: string } {
  return typeof shape === 'object' && shape.kind === 'list' && shape.flat !== undefined
}

function parseNumber(text: string): number {
  if (!/^\s*-?\d+\s*$/.test(text)) throw s3Error('MalformedXML')
  return Number(text)
}

function parseBoolean(text: string): boolean {
  const value = text.trim().toLowerCase()
  if (value !== 'true' && value !== 'false') throw s3Error('MalformedXML')
  return value === 'true'
}
