import type { z } from 'zod'
import { routes } from '#contract/api.ts'
import { thingNameSchema } from '#contract/api-fields.ts'
import { type DecisionRequest, decisionRequestSchema } from '#contract/certificates-api.ts'
import {
  type ListThingsResponse,
  listThingsQuerySchema,
  listThingsResponseSchema,
  type RevokeThingResponse,
  revokeThingResponseSchema,
  type Thing,
  thingSchema,
} from '#contract/things-api.ts'
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

export async function showThing(callApi: CallApi, thing: string): Promise<Thing> {
  return callApi({
    route: routes.showThing,
    parameters: { thing: parseRequest(thingNameSchema, thing) },
    answer: thingSchema,
  })
}

/** Revokes every certificate and open claim of a thing, which stays and may be claimed anew. */
export async function revokeThing(
  callApi: CallApi,
  thing: string,
  request: DecisionRequest = {},
): Promise<RevokeThingResponse> {
  return callApi({
    route: routes.revokeThing,
    parameters: { thing: parseRequest(thingNameSchema, thing) },
    body: parseRequest(decisionRequestSchema, request),
    isRepeatable: true,
    answer: revokeThingResponseSchema,
  })
}

/** Revokes every certificate and open claim of a thing and removes the thing with all that it left in AWS IoT. Its files stay. */
export async function deleteThing(callApi: CallApi, thing: string): Promise<RevokeThingResponse> {
  return callApi({
    route: routes.deleteThing,
    parameters: { thing: parseRequest(thingNameSchema, thing) },
    answer: revokeThingResponseSchema,
  })
}
