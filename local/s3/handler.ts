import type { Call, HttpResponse } from '#local/service.ts'
import type { S3Request } from './s3-request.ts'
import type { S3State } from './s3-state.ts'

/** Answers one operation of S3's HTTP API. */
export type Handler = (s3: S3State, request: S3Request, call: Call) => HttpResponse | Promise<HttpResponse>
