import { z } from 'zod'
import { type FaultCode, faultStatus } from './fault-codes.ts'

/** What the API answers when it refuses: application/problem+json of RFC 9457, with our code, hint and request id. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(Object.keys(faultStatus) as [FaultCode, ...FaultCode[]]),
  detail: z.string(),
  hint: z.string().optional(),
  requestId: z.string(),
})

export type Problem = z.infer<typeof problemSchema>
