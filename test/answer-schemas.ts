import { z } from 'zod'
import { describeApi, type JsonSchema } from '#contract/open-api.ts'
import { type RouteName, routes } from '#contract/routes.ts'

const document = describeApi()

/** Throws when an answer is not one that the API's description has for the route and status, or has a member that stands nowhere in it. */
export function requireDescribed(route: RouteName, status: number, contentType: string, body: unknown): void {
  const { method, path } = routes[route]
  const responses = document.paths[path]?.[method.toLowerCase()]?.responses
  const response = responses?.[String(status)] ?? (status >= 400 ? responses?.default : undefined)
  if (!response) throw new Error(`${route} is not described to answer ${status}`)
  const { schema } = response.content?.[contentType] ?? {}
  if (response.content && !schema) throw new Error(`${route} is not described to answer ${contentType}`)
  if (schema) z.fromJSONSchema(closeSchema(schema) as never).parse(body)
}

/** A schema with what it refers to in place, and no member allowed but those that it names. */
function closeSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closeSchema)
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref, ...members } = schema as JsonSchema
  if (typeof $ref === 'string') return closeSchema(document.components.schemas[$ref.split('/').at(-1) ?? ''])
  const closed = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, closeSchema(value)]))
  return members.properties === undefined ? closed : { ...closed, additionalProperties: false }
}
