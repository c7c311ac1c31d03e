import type { CreateClaimRequest, CreateClaimResponse, ListThingsResponse, ListUploadsResponse } from '#contract/api.ts'
import { type ApiOptions, createApiCaller } from './call-api.ts'
import { createClaim } from './claims.ts'
import { type PageRange, readPages } from './read-pages.ts'
import { type ListThingsQuery, listThings } from './things.ts'
import { type ListUploadsQuery, listUploads } from './uploads.ts'

/** Every verb throws OperatorError with a code to switch on. `pages` reads on from page to page, one in memory at a time. */
export interface Operator {
  readonly claims: {
    create(request: CreateClaimRequest): Promise<CreateClaimResponse>
  }
  readonly things: {
    list(query?: ListThingsQuery): Promise<ListThingsResponse>
    pages(range?: PageRange): AsyncGenerator<ListThingsResponse, void, undefined>
  }
  readonly uploads: {
    list(query?: ListUploadsQuery): Promise<ListUploadsResponse>
    pages(
      query?: Omit<ListUploadsQuery, keyof PageRange>,
      range?: PageRange,
    ): AsyncGenerator<ListUploadsResponse, void, undefined>
  }
}

const everything: PageRange = { limit: Number.POSITIVE_INFINITY }

/**
 * The operators' API as functions. Throws API_URL_INVALID.
 *
 * @example
 * const operator = createOperator({ apiUrl, region: 'eu-west-1', credentials: fromNodeProviderChain() })
 * const { claimUrl } = await operator.claims.create({ thingName: 'press-1' })
 * for await (const { uploads } of operator.uploads.pages({ thing: 'press-1' })) console.log(uploads)
 */
export function createOperator(options: ApiOptions): Operator {
  const callApi = createApiCaller(options)
  return {
    claims: { create: (request) => createClaim(callApi, request) },
    things: {
      list: (query) => listThings(callApi, query),
      pages: (range = everything) =>
        readPages(
          (page) => listThings(callApi, page),
          ({ things }) => things.length,
          range,
        ),
    },
    uploads: {
      list: (query) => listUploads(callApi, query),
      pages: (query = {}, range = everything) =>
        readPages(
          (page) => listUploads(callApi, { ...query, ...page }),
          ({ uploads }) => uploads.length,
          range,
        ),
    },
  }
}
