import type { z } from 'zod'
import { type ListUploadsResponse, listUploadsQuerySchema, listUploadsResponseSchema, routes } from '#contract/api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

export type ListUploadsQuery = Partial<z.output<typeof listUploadsQuerySchema>>

/** One page of the upload log, newest first: of one thing or the fleet, over a range of event times. */
export async function listUploads(callApi: CallApi, query: ListUploadsQuery = {}): Promise<ListUploadsResponse> {
  return callApi({
    route: routes.listUploads,
    query: parseRequest(listUploadsQuerySchema, query),
    answer: listUploadsResponseSchema,
  })
}
