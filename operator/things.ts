import type { z } from 'zod'
import { type ListThingsResponse, listThingsQuerySchema, listThingsResponseSchema, routes } from '#contract/api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

export type ListThingsQuery = Partial<z.output<typeof listThingsQuerySchema>>

/** One page of the fleet's things with their states. */
export async function listThings(callApi: CallApi, query: ListThingsQuery = {}): Promise<ListThingsResponse> {
  return callApi({
    route: routes.listThings,
    query: parseRequest(listThingsQuerySchema, query),
    answer: listThingsResponseSchema,
  })
}
