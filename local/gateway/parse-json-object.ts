import { AwsError } from '#local/service.ts'

/** A JSON request body; an empty one is the empty object. Throws SerializationException. */
export function parseJsonObject(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (cause) {
    throw new AwsError('SerializationException', 'The request body is not valid JSON', 400, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AwsError('SerializationException', 'The request body is not a JSON object')
  }
  return value as Record<string, unknown>
}
