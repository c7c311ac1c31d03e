export type {
  CreateClaimRequest,
  CreateClaimResponse,
  ListThingsResponse,
  ListUploadsResponse,
  Thing,
  Upload,
} from '#contract/api.ts'
export type { ApiOptions } from './call-api.ts'
export { createOperator, type Operator } from './create-operator.ts'
export { OperatorError, type OperatorErrorCode } from './operator-error.ts'
export type { PageRange } from './read-pages.ts'
export type { AwsCredentials } from './sign-request.ts'
export type { ListThingsQuery } from './things.ts'
export type { ListUploadsQuery } from './uploads.ts'
