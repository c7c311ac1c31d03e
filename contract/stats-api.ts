import { z } from 'zod'
import { thingNameSchema } from './api-fields.ts'

export const uploadStatsQuerySchema = z.strictObject({
  thing: thingNameSchema.optional(),
  from: z.iso.date().optional().describe('A UTC day, included; six days before `to` when not given'),
  to: z.iso.date().optional().describe('A UTC day, included; today when not given. At most 366 days'),
  cursor: z.string().min(1).max(8192).optional(),
})

export const uploadStatSchema = z.object({
  thingName: z.string().optional().describe('Absent for objects outside every thing’s prefix'),
  day: z.iso.date(),
  arrived: z.int(),
  arrivedBytes: z.int(),
  removed: z.int(),
})
export type UploadStat = z.infer<typeof uploadStatSchema>

/** Counted from the log's rows, so exact. A thing and day that comes again on a later page goes on there: add them. */
export const uploadStatsResponseSchema = z.object({ stats: z.array(uploadStatSchema), cursor: z.string().optional() })
export type UploadStatsResponse = z.infer<typeof uploadStatsResponseSchema>
