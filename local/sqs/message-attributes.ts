import { createHash } from 'node:crypto'
import { AwsError } from '#local/service.ts'

/** MessageAttributes as they are stored: a binary value as base64. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>

interface MessageAttribute {
  readonly DataType: string
  readonly StringValue?: string
  readonly BinaryValue?: string
}

const MAX_ATTRIBUTES = 10

/** Throws InvalidParameterValue. Undefined when there are none. */
export function parseMessageAttributes(input: unknown): MessageAttributes | undefined {
  if (input === undefined || input === null) return undefined
  if (typeof input !== 'object') throw invalid('MessageAttributes is no map.')
  const entries = Object.entries(input)
  if (entries.length === 0) return undefined
  if (entries.length > MAX_ATTRIBUTES)
    throw invalid(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`)
  return Object.fromEntries(entries.map(([name, value]) => [name, parseAttribute(name, value)]))
}

function parseAttribute(name: string, value: Record<string, unknown> | null): MessageAttribute {
  if (!/^(?!aws\.|amazon\.|\.)(?!.*\.\.)(?!.*\.$)[\w.-]{1,256}$/i.test(name)) {
    throw invalid(`The message attribute name '${name}' is invalid.`)
  }
  const { DataType, StringValue, BinaryValue } = value ?? {}
  if (typeof DataType !== 'string' || !/^(String|Number|Binary)(\.[\w.-]+)?$/.test(DataType)) {
    throw invalid(`The message attribute '${name}' has an invalid message attribute type.`)
  }
  if (DataType.startsWith('Binary')) {
    const bytes = BinaryValue instanceof Uint8Array ? Buffer.from(BinaryValue).toString('base64') : BinaryValue
    if (typeof bytes !== 'string' || bytes === '') throw emptyValue(name)
    return { DataType, BinaryValue: bytes }
  }
  if (typeof StringValue !== 'string' || StringValue === '') throw emptyValue(name)
  if (DataType.startsWith('Number') && !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(StringValue)) {
    throw invalid(`Can't cast the value of message (user) attribute '${name}' to a number.`)
  }
  return { DataType, StringValue }
}

/** Names, types and values count towards the size of a message. */
export function measureAttributes(attributes: MessageAttributes = {}): number {
  return Object.entries(attributes).reduce(
    (sum, [name, attribute]) =>
      sum + Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + readValue(attribute).length,
    0,
  )
}

/** MD5OfMessageAttributes (developer guide, "Calculating the MD5 message digest for message attributes"). */
export function digestAttributes(attributes: MessageAttributes): string {
  const md5 = createHash('md5')
  const update = (bytes: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    md5.update(length).update(bytes)
  }
  for (const [name, attribute] of Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    update(Buffer.from(name))
    update(Buffer.from(attribute.DataType))
    md5.update(Buffer.from([attribute.BinaryValue === undefined ? 1 : 2]))
    update(readValue(attribute))
  }
  return md5.digest('hex')
}

/** Those that ReceiveMessage asked for: names, `prefix.*`, or `All`. */
export function selectAttributes(attributes: MessageAttributes, names: readonly string[]): MessageAttributes {
  const isAsked = (name: string) =>
    names.some(
      (asked) => asked === 'All' || (asked.endsWith('.*') ? name.startsWith(asked.slice(0, -2)) : asked === name),
    )
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isAsked(name)))
}

function readValue({ StringValue, BinaryValue }: MessageAttribute): Buffer {
  return BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64')
}

function emptyValue(name: string): AwsError {
  return invalid(`The message attribute '${name}' must contain non-empty message attribute value for its type.`)
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message)
}
