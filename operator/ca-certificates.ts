import { z } from 'zod'
import { routes } from '#contract/api.ts'
import {
  type CaCertificate,
  caCertificateSchema,
  type DrainResponse,
  drainQuerySchema,
  drainResponseSchema,
  type ListCaCertificatesResponse,
  listCaCertificatesResponseSchema,
  type RegisterCaCertificateRequest,
  registerCaCertificateRequestSchema,
  registrationCodeSchema,
} from '#contract/certificates-api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

const caCertificateIdSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is not the id of a CA certificate: 64 hex digits, as `ca list` shows it')

/** Every CA, new and old: there are few. */
export async function listCaCertificates(callApi: CallApi): Promise<ListCaCertificatesResponse> {
  return callApi({ route: routes.listCaCertificates, answer: listCaCertificatesResponseSchema })
}

/** Takes in a CA whose key someone else holds. */
export async function registerCaCertificate(
  callApi: CallApi,
  request: RegisterCaCertificateRequest,
): Promise<CaCertificate> {
  return callApi({
    route: routes.registerCaCertificate,
    body: parseRequest(registerCaCertificateRequestSchema, request),
    isRepeatable: true,
    answer: caCertificateSchema,
  })
}

/** What the common name of a verification certificate must be. */
export async function showRegistrationCode(callApi: CallApi): Promise<string> {
  const { registrationCode } = await callApi({ route: routes.showRegistrationCode, answer: registrationCodeSchema })
  return registrationCode
}

/** Makes a new fleet CA, which signs from now on; certificates of the old one stay valid. */
export async function rotateFleetCa(callApi: CallApi): Promise<CaCertificate> {
  return callApi({ route: routes.rotateFleetCa, answer: caCertificateSchema })
}

/** One page of what still stands on a CA. */
export async function drainCaCertificate(
  callApi: CallApi,
  caCertificateId: string,
  query: z.output<typeof drainQuerySchema> = {},
): Promise<DrainResponse> {
  return callApi({
    route: routes.drainCaCertificate,
    parameters: { caCertificateId: parseRequest(caCertificateIdSchema, caCertificateId) },
    query: parseRequest(drainQuerySchema, query),
    answer: drainResponseSchema,
  })
}

/** Takes a CA out of use. Refused (CA_IN_USE) while anything stands on it. */
export async function retireCaCertificate(callApi: CallApi, caCertificateId: string): Promise<CaCertificate> {
  return callApi({
    route: routes.retireCaCertificate,
    parameters: { caCertificateId: parseRequest(caCertificateIdSchema, caCertificateId) },
    isRepeatable: true,
    answer: caCertificateSchema,
  })
}
