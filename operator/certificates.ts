import type { z } from 'zod'
import { routes } from '#contract/api.ts'
import { certificateIdSchema } from '#contract/api-fields.ts'
import {
  type ApproveCertificateRequest,
  approveCertificateRequestSchema,
  type CertificateSummary,
  type CreateCertificateResponse,
  certificateSchema,
  createCertificateResponseSchema,
  type DecisionRequest,
  decisionRequestSchema,
  type IssueCertificateRequest,
  issueCertificateRequestSchema,
  type ListCertificatesResponse,
  listCertificatesQuerySchema,
  listCertificatesResponseSchema,
} from '#contract/certificates-api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

export type ListCertificatesQuery = Partial<z.output<typeof listCertificatesQuerySchema>>

/** One page of the certificates in one state, by the time at which they end. */
export async function listCertificates(
  callApi: CallApi,
  query: ListCertificatesQuery = {},
): Promise<ListCertificatesResponse> {
  return callApi({
    route: routes.listCertificates,
    query: parseRequest(listCertificatesQuerySchema, query),
    answer: listCertificatesResponseSchema,
  })
}

export async function showCertificate(callApi: CallApi, certificateId: string): Promise<CertificateSummary> {
  return callApi({
    route: routes.showCertificate,
    parameters: { certificateId: parseRequest(certificateIdSchema, certificateId) },
    answer: certificateSchema,
  })
}

/** Lets a certificate in that is in quarantine or was rejected: it registers after that. */
export async function approveCertificate(
  callApi: CallApi,
  certificateId: string,
  request: ApproveCertificateRequest = {},
): Promise<CertificateSummary> {
  return callApi({
    route: routes.approveCertificate,
    parameters: { certificateId: parseRequest(certificateIdSchema, certificateId) },
    body: parseRequest(approveCertificateRequestSchema, request),
    isRepeatable: true,
    answer: certificateSchema,
  })
}

/** Keeps a certificate out that is in quarantine. */
export async function rejectCertificate(
  callApi: CallApi,
  certificateId: string,
  request: DecisionRequest = {},
): Promise<CertificateSummary> {
  return decide(callApi, routes.rejectCertificate, certificateId, request)
}

/** Takes a certificate out of use for good: its connection is closed, and its running credentials are refused. */
export async function revokeCertificate(
  callApi: CallApi,
  certificateId: string,
  request: DecisionRequest = {},
): Promise<CertificateSummary> {
  return decide(callApi, routes.revokeCertificate, certificateId, request)
}

/** Signs a CSR without a claim; its common name names the thing. Asked again with the same key, it answers the same certificate. */
export async function issueCertificate(
  callApi: CallApi,
  request: IssueCertificateRequest,
): Promise<CreateCertificateResponse> {
  return callApi({
    route: routes.issueCertificate,
    body: parseRequest(issueCertificateRequestSchema, request),
    isRepeatable: true,
    answer: createCertificateResponseSchema,
  })
}

function decide(
  callApi: CallApi,
  route: typeof routes.rejectCertificate | typeof routes.revokeCertificate,
  certificateId: string,
  request: DecisionRequest,
): Promise<CertificateSummary> {
  return callApi({
    route,
    parameters: { certificateId: parseRequest(certificateIdSchema, certificateId) },
    body: parseRequest(decisionRequestSchema, request),
    isRepeatable: true,
    answer: certificateSchema,
  })
}
