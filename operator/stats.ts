import type { z } from 'zod'
import { routes } from '#contract/routes.ts'
import {
  type UploadStat,
  type UploadStatsResponse,
  uploadStatsQuerySchema,
  uploadStatsResponseSchema,
} from '#contract/stats-api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

export type UploadStatsQuery = z.output<typeof uploadStatsQuerySchema>

/** One page of counts; the last one has no cursor. */
async function showUploadStats(callApi: CallApi, query: UploadStatsQuery = {}): Promise<UploadStatsResponse> {
  return callApi({
    route: routes.showUploadStats,
    query: parseRequest(uploadStatsQuerySchema, query),
    answer: uploadStatsResponseSchema,
  })
}

/** The counts of all pages, by day and thing, the newest day first. */
export async function sumUploadStats(
  callApi: CallApi,
  query: Omit<UploadStatsQuery, 'cursor'> = {},
): Promise<UploadStat[]> {
  const sums = new Map<string, UploadStat>()
  let cursor: string | undefined
  do {
    const page = await showUploadStats(callApi, { ...query, cursor })
    for (const stat of page.stats) {
      const place = `${stat.day} ${stat.thingName ?? ''}`
      sums.set(place, add(stat, sums.get(place)))
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return [...sums.values()].sort(byDayAndThing)
}

function add(stat: UploadStat, sum: UploadStat | undefined): UploadStat {
  if (!sum) return stat
  const { arrived, arrivedBytes, removed } = stat
  return {
    ...sum,
    arrived: sum.arrived + arrived,
    arrivedBytes: sum.arrivedBytes + arrivedBytes,
    removed: sum.removed + removed,
  }
}

function byDayAndThing(a: UploadStat, b: UploadStat): number {
  if (a.day !== b.day) return a.day < b.day ? 1 : -1
  return (a.thingName ?? '') < (b.thingName ?? '') ? -1 : 1
}
