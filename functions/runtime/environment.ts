import { z } from 'zod'
import { Fault } from '#contract/fault.ts'

/** The variables that a handler needs, parsed once at cold start. Throws ENVIRONMENT_INVALID naming each that is missing or wrong. */
export function parseEnvironment<Shape extends z.ZodRawShape>(shape: Shape): z.infer<z.ZodObject<Shape>> {
  const parsed = z.object(shape).safeParse(process.env)
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')} (${issue.message})`).join(', ')
  throw new Fault('ENVIRONMENT_INVALID', `the function's environment is not whole: ${wrong}`, {
    hint: 'infra/ sets these variables: deploy the stack again',
  })
}
