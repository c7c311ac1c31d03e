import type {
  ApproveCertificateRequest,
  CaCertificate,
  CertificateSummary,
  CreateCertificateResponse,
  DecisionRequest,
  DrainResponse,
  IssueCertificateRequest,
  ListCaCertificatesResponse,
  ListCertificatesResponse,
  RegisterCaCertificateRequest,
} from '#contract/certificates-api.ts'
import type { ClaimSummary, CreateClaimRequest, CreateClaimResponse, ListClaimsResponse } from '#contract/claims-api.ts'
import type { Explanation } from '#contract/explanation.ts'
import type { UploadStat } from '#contract/stats-api.ts'
import type { ListThingsResponse, RevokeThingResponse, Thing } from '#contract/things-api.ts'
import type {
  DownloadUploadRequest,
  DownloadUploadResponse,
  ListUploadsResponse,
  RebuildUploadsRequest,
  RebuildUploadsResponse,
  ShowUploadResponse,
} from '#contract/upload-log-api.ts'
import * as ca from './ca-certificates.ts'
import { type ApiOptions, createApiCaller } from './call-api.ts'
import * as certificates from './certificates.ts'
import * as claims from './claims.ts'
import { explain } from './explain.ts'
import { type PageRange, readPages } from './read-pages.ts'
import * as stats from './stats.ts'
import * as things from './things.ts'
import * as uploads from './uploads.ts'

type Pages<Page> = AsyncGenerator<Page, void, undefined>

/** Every verb throws OperatorError with a code to switch on. `pages` reads on from page to page, one in memory at a time. */
export interface Operator {
  readonly claims: {
    /** Makes what one device enrolls with, once. The answer's `claimUrl` is a secret that is shown only now. */
    create(request: CreateClaimRequest): Promise<CreateClaimResponse>
    list(query?: claims.ListClaimsQuery): Promise<ListClaimsResponse>
    pages(query?: Omit<claims.ListClaimsQuery, keyof PageRange>, range?: PageRange): Pages<ListClaimsResponse>
    revoke(claimId: string): Promise<ClaimSummary>
  }
  readonly certificates: {
    list(query?: certificates.ListCertificatesQuery): Promise<ListCertificatesResponse>
    pages(
      query?: Omit<certificates.ListCertificatesQuery, keyof PageRange>,
      range?: PageRange,
    ): Pages<ListCertificatesResponse>
    show(certificateId: string): Promise<CertificateSummary>
    /** Lets a certificate in that is in quarantine or was rejected. */
    approve(certificateId: string, request?: ApproveCertificateRequest): Promise<CertificateSummary>
    /** Keeps a certificate out that is in quarantine. */
    reject(certificateId: string, request?: DecisionRequest): Promise<CertificateSummary>
    /** Takes a certificate out of use for good. */
    revoke(certificateId: string, request?: DecisionRequest): Promise<CertificateSummary>
    /** Signs a CSR without a claim. Asked again with the same key, it answers the same certificate. */
    issue(request: IssueCertificateRequest): Promise<CreateCertificateResponse>
  }
  readonly things: {
    list(query?: things.ListThingsQuery): Promise<ListThingsResponse>
    pages(query?: Omit<things.ListThingsQuery, keyof PageRange>, range?: PageRange): Pages<ListThingsResponse>
    show(thingName: string): Promise<Thing>
    /** Revokes every certificate and open claim of a thing, which stays and may be claimed anew. */
    revoke(thingName: string, request?: DecisionRequest): Promise<RevokeThingResponse>
    /** Revokes every certificate and open claim of a thing and removes the thing. Its files stay. */
    delete(thingName: string): Promise<RevokeThingResponse>
  }
  readonly caCertificates: {
    list(): Promise<ListCaCertificatesResponse>
    /** Takes in a CA whose key someone else holds. */
    register(request: RegisterCaCertificateRequest): Promise<CaCertificate>
    registrationCode(): Promise<string>
    /** Makes a new fleet CA beside the old one, whose certificates stay valid. */
    rotate(): Promise<CaCertificate>
    /** The certificates that still stand on a CA, page by page. */
    drain(caCertificateId: string): Pages<DrainResponse>
    /** Throws CA_IN_USE while anything stands on it. */
    retire(caCertificateId: string): Promise<CaCertificate>
  }
  readonly uploads: {
    list(query?: uploads.ListUploadsQuery): Promise<ListUploadsResponse>
    pages(query?: Omit<uploads.ListUploadsQuery, keyof PageRange>, range?: PageRange): Pages<ListUploadsResponse>
    /** The issued upload and all events of its key. */
    show(uploadId: string, query?: uploads.ShowUploadQuery): Promise<ShowUploadResponse>
    /** A URL that gives the file to whoever has it, for at most 15 minutes. */
    download(uploadId: string, request?: DownloadUploadRequest): Promise<DownloadUploadResponse>
    /** Compares the bucket with the log, page by page, and mends the log with `write`. A page's cursor is where to resume. */
    rebuild(request?: RebuildUploadsRequest): Pages<RebuildUploadsResponse>
  }
  readonly stats: {
    /** Counts and bytes for each thing and UTC day, of all pages. */
    uploads(query?: Omit<stats.UploadStatsQuery, 'cursor'>): Promise<UploadStat[]>
  }
  /** Walks the way of a thing, or of a certificate, from its CA to its last file. */
  explain(subject: string): Promise<Explanation>
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
    claims: {
      create: (request) => claims.createClaim(callApi, request),
      list: (query) => claims.listClaims(callApi, query),
      pages: (query = {}, range = everything) =>
        readPages(
          (page) => claims.listClaims(callApi, { ...query, ...page }),
          (page) => page.claims.length,
          range,
        ),
      revoke: (claimId) => claims.revokeClaim(callApi, claimId),
    },
    certificates: {
      list: (query) => certificates.listCertificates(callApi, query),
      pages: (query = {}, range = everything) =>
        readPages(
          (page) => certificates.listCertificates(callApi, { ...query, ...page }),
          (page) => page.certificates.length,
          range,
        ),
      show: (certificateId) => certificates.showCertificate(callApi, certificateId),
      approve: (certificateId, request) => certificates.approveCertificate(callApi, certificateId, request),
      reject: (certificateId, request) => certificates.rejectCertificate(callApi, certificateId, request),
      revoke: (certificateId, request) => certificates.revokeCertificate(callApi, certificateId, request),
      issue: (request) => certificates.issueCertificate(callApi, request),
    },
    things: {
      list: (query) => things.listThings(callApi, query),
      pages: (query = {}, range = everything) =>
        readPages(
          (page) => things.listThings(callApi, { ...query, ...page }),
          (page) => page.things.length,
          range,
        ),
      show: (thingName) => things.showThing(callApi, thingName),
      revoke: (thingName, request) => things.revokeThing(callApi, thingName, request),
      delete: (thingName) => things.deleteThing(callApi, thingName),
    },
    caCertificates: {
      list: () => ca.listCaCertificates(callApi),
      register: (request) => ca.registerCaCertificate(callApi, request),
      registrationCode: () => ca.showRegistrationCode(callApi),
      rotate: () => ca.rotateFleetCa(callApi),
      drain: (caCertificateId) =>
        readPages(
          ({ cursor }) => ca.drainCaCertificate(callApi, caCertificateId, { cursor }),
          ({ standing }) => standing.length,
          everything,
        ),
      retire: (caCertificateId) => ca.retireCaCertificate(callApi, caCertificateId),
    },
    uploads: {
      list: (query) => uploads.listUploads(callApi, query),
      pages: (query = {}, range = everything) =>
        readPages(
          (page) => uploads.listUploads(callApi, { ...query, ...page }),
          (page) => page.uploads.length,
          range,
          { isAhead: true },
        ),
      show: (uploadId, query) => uploads.showUpload(callApi, uploadId, query),
      download: (uploadId, request) => uploads.downloadUpload(callApi, uploadId, request),
      rebuild: (request = {}) =>
        readPages(
          ({ cursor }) => uploads.rebuildUploads(callApi, { ...request, cursor }),
          () => 0,
          { limit: Number.POSITIVE_INFINITY, cursor: request.cursor },
        ),
    },
    stats: {
      uploads: (query) => stats.sumUploadStats(callApi, query),
    },
    explain: (subject) => explain(callApi, subject),
  }
}
