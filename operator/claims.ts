import { z } from 'zod'
import { routes } from '#contract/api.ts'
import {
  type ClaimSummary,
  type CreateClaimRequest,
  type CreateClaimResponse,
  claimSchema,
  createClaimRequestSchema,
  createClaimResponseSchema,
  type ListClaimsResponse,
  listClaimsQuerySchema,
  listClaimsResponseSchema,
} from '#contract/claims-api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

export type ListClaimsQuery = Partial<z.output<typeof listClaimsQuerySchema>>

/** The claim itself is a secret, and an address ends up in access logs. */
const claimIdSchema = z.string().regex(/^[0-9a-f]{16}$/, 'is not a claim id: 16 hex digits, as `claims list` shows it')

/** Makes a claim: what one device enrolls with, once. Its `claimUrl` is a secret that the API shows only now. */
export async function createClaim(callApi: CallApi, request: CreateClaimRequest): Promise<CreateClaimResponse> {
  return callApi({
    route: routes.createClaim,
    body: parseRequest(createClaimRequestSchema, request),
    answer: createClaimResponseSchema,
  })
}

/** One page of the claims in one state. */
export async function listClaims(callApi: CallApi, query: ListClaimsQuery = {}): Promise<ListClaimsResponse> {
  return callApi({
    route: routes.listClaims,
    query: parseRequest(listClaimsQuerySchema, query),
    answer: listClaimsResponseSchema,
  })
}

/** Takes a claim back. A certificate that was vended for it stays. */
export async function revokeClaim(callApi: CallApi, claimId: string): Promise<ClaimSummary> {
  return callApi({
    route: routes.revokeClaim,
    parameters: { claimId: parseRequest(claimIdSchema, claimId) },
    isRepeatable: true,
    answer: claimSchema,
  })
}
