import { z } from 'zod'
import { thingNamePattern } from './thing-name.ts'

export const thingNameSchema = z.string().regex(thingNamePattern, 'is not a thing name: 1 to 128 of a-z A-Z 0-9 : _ -')

export const isoTime = z.iso.datetime({ offset: true })

/** Lower-case hex SHA-256 of a certificate's DER, as AWS IoT names it. */
export const certificateIdSchema = z.string().regex(/^[0-9a-f]{64}$/, 'is not a certificate id: 64 hex digits')

/** AWS IoT takes for thing types and thing groups what it takes for things. */
export const thingTypeNameSchema = z.string().regex(thingNamePattern, 'is not a name of a thing type')
export const thingGroupNameSchema = z.string().regex(thingNamePattern, 'is not a name of a thing group')

/** AWS IoT keeps at most three searchable attributes for a thing with a type or 50 without; names and values as CreateThing takes them. */
export const attributesSchema = z
  .record(z.string().regex(/^[a-zA-Z0-9_.,@/:#-]{1,128}$/), z.string().regex(/^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/))
  .refine((record) => Object.keys(record).length <= 50, 'has more than 50 attributes')

/** A PEM, of a certificate or of a PKCS#10 request. */
export const pemSchema = z.string().min(1).max(16_384)

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().min(1).max(4096).optional(),
}
