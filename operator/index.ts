export type {
  ApproveCertificateRequest,
  CaCertificate,
  CertificateSummary,
  CreateCertificateResponse,
  DecisionRequest,
  DeviceConfiguration,
  DrainResponse,
  IssueCertificateRequest,
  ListCaCertificatesResponse,
  ListCertificatesResponse,
  RegisterCaCertificateRequest,
} from '#contract/certificates-api.ts'
export type {
  ClaimSummary,
  CreateClaimRequest,
  CreateClaimResponse,
  ListClaimsResponse,
} from '#contract/claims-api.ts'
export type { Explanation } from '#contract/explanation.ts'
export type { UploadStat } from '#contract/stats-api.ts'
export type { ListThingsResponse, RevokeThingResponse, Thing } from '#contract/things-api.ts'
export type {
  DownloadUploadRequest,
  DownloadUploadResponse,
  ListUploadsResponse,
  RebuildUploadsRequest,
  RebuildUploadsResponse,
  ShowUploadResponse,
  Upload,
  UploadDifference,
} from '#contract/upload-log-api.ts'
export type { ApiOptions } from './call-api.ts'
export type { ListCertificatesQuery } from './certificates.ts'
export type { ListClaimsQuery } from './claims.ts'
export { createOperator, type Operator } from './create-operator.ts'
export { OperatorError, type OperatorErrorCode } from './operator-error.ts'
export type { PageRange } from './read-pages.ts'
export type { AwsCredentials } from './sign-request.ts'
export type { UploadStatsQuery } from './stats.ts'
export type { ListThingsQuery } from './things.ts'
export type { ListUploadsQuery, ShowUploadQuery } from './uploads.ts'
