import { z } from 'zod'
import { isoTime } from './api-fields.ts'

/** The way of a device from its CA to its last file, in order. */
export const explainedSteps = [
  'ca',
  'certificate',
  'registration',
  'thing',
  'policy',
  'role-alias',
  'role',
  'credentials',
  'upload',
] as const

/** holds: as it must be · broken: stops the device here · waiting: not yet, and nothing is wrong · unknown: cannot be told, because an earlier step is broken. */
const outcomes = ['holds', 'broken', 'waiting', 'unknown'] as const

export const explanationSchema = z.object({
  /** What was asked for: a thing's name or a certificate's id. */
  subject: z.string(),
  thingName: z.string().optional(),
  certificateId: z.string().optional(),
  explainedAt: isoTime,
  steps: z.array(
    z.object({
      step: z.enum(explainedSteps),
      outcome: z.enum(outcomes),
      /** One sentence: what is there, or what is wrong. */
      finding: z.string(),
      /** The command or sentence that mends it. */
      mend: z.string().optional(),
    }),
  ),
})
export type Explanation = z.infer<typeof explanationSchema>
