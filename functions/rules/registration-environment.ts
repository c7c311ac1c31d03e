import { z } from 'zod'
import { registrationRulesSchema } from '#contract/registration-rules.ts'

/** JSON in a variable. Fails with the reason, never with the text. */
function json<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' })
        return z.NEVER
      }
    })
    .pipe(schema)
}

/** The variables by which a function knows the rules, and what the stack has. */
export const registrationEnvironment = {
  REGISTRATION_RULES: json(registrationRulesSchema),
  THING_TYPES: json(z.array(z.string()).min(1)),
  THING_GROUPS: json(z.array(z.string())),
}
