import { z } from 'zod'

// CloudFormation accepts numbers and booleans as text, and text for numbers and booleans.
export const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
export const integer = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d+$/, 'needs a whole number')
    .transform(Number),
])
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')])

export const policyDocument = z.record(z.string(), z.unknown())
export const tags = z.array(z.strictObject({ Key: z.string(), Value: text }))

/** `Tags` as most APIs of the JSON protocols take them. */
export function tagMap(list: z.infer<typeof tags> | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map((tag) => [tag.Key, tag.Value]))
}
