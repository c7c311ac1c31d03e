import { routes } from '#contract/api.ts'
import { thingNameSchema } from '#contract/api-fields.ts'
import { type Explanation, explanationSchema } from '#contract/explanation.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

/** Walks a device's way from its CA to its last file: what holds, what does not, and what mends it. */
export async function explain(callApi: CallApi, subject: string): Promise<Explanation> {
  return callApi({
    route: routes.explain,
    // A certificate's id has the form of a thing's name.
    parameters: { subject: parseRequest(thingNameSchema, subject) },
    answer: explanationSchema,
  })
}
