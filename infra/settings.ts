import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { thingGroupNameSchema, thingTypeNameSchema } from '#contract/api-fields.ts'
import { registrationRulesSchema } from '#contract/registration-rules.ts'

/** What an installation may choose, in one JSON file: `cdk deploy -c settings=FILE`, or THINGDROP_SETTINGS. Every member has a default. */
export const settingsSchema = z.strictObject({
  /** Which certificates may register, and as what. */
  registration: registrationRulesSchema.prefault({}),
  /** Thing types that claims and certificates may name; the first is the default. `<stack>-device` when not given. */
  thingTypes: z.array(thingTypeNameSchema).min(1).max(50).optional(),
  /** Thing groups that claims and certificates may name. */
  thingGroups: z.array(thingGroupNameSchema).max(50).default([]),
  /** How long a device's certificate is valid; it renews at two thirds of that. */
  certificateValidityDays: z.int().min(1).max(3650).default(365),
  /** What the credentials of a device may do in S3, below its own prefix. */
  devices: z
    .strictObject({
      /** Write objects. Without it, files go by upload URLs alone, which the API hands out and counts. */
      writeToS3: z.boolean().default(true),
      /** Tag objects as they are written, and later: S3 has one permission for both. */
      tagObjects: z.boolean().default(false),
    })
    .prefault({}),
  /** What devices may ask upload URLs for; what they send with credentials of their own is not held to it. */
  uploadUrls: z
    .strictObject({
      /** How many uploads of a thing may be open at once. */
      maxOpenPerThing: z.int().min(1).max(1000).default(100),
      /** How many bytes a thing may announce in a UTC day. */
      maxBytesPerThingAndDay: z
        .int()
        .min(1)
        .default(100 * 1024 ** 3),
      /** How long an upload in parts may take, in hours. */
      multipartHours: z.int().min(1).max(168).default(24),
    })
    .prefault({}),
  uploadLog: z
    .strictObject({
      /** How many days rows are kept; for ever when not given. */
      keepDays: z.int().min(1).max(36_500).optional(),
    })
    .prefault({}),
})
export type Settings = z.infer<typeof settingsSchema>

/** Reads the settings of a file; without one, the defaults. Throws naming the file and each member that is wrong. */
export function readSettings(path: string | undefined): Settings {
  if (path === undefined) return settingsSchema.parse({})
  const parsed = settingsSchema.safeParse(readJson(path))
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the settings'}: ${issue.message}`)
  throw new Error(`${path}: ${wrong.join('; ')}`)
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`${path} is no JSON file of settings: ${(cause as Error).message}`, { cause })
  }
}
