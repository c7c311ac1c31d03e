import {
  type CreateClaimRequest,
  type CreateClaimResponse,
  createClaimRequestSchema,
  createClaimResponseSchema,
  routes,
} from '#contract/api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

/** Makes a claim: whoever holds its URL can enroll once as the thing. A repeat makes another claim. */
export async function createClaim(callApi: CallApi, request: CreateClaimRequest): Promise<CreateClaimResponse> {
  return callApi({
    route: routes.createClaim,
    body: parseRequest(createClaimRequestSchema, request),
    answer: createClaimResponseSchema,
  })
}
