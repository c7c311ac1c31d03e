import type { AwsError, HttpResponse } from '#local/service.ts'
import { encodeJson } from './encode-json.ts'

/** IAM and the signature check speak the query protocol's codes; the JSON services have names of their own for them. */
const jsonCodes: Readonly<Record<string, string>> = {
  AccessDenied: 'AccessDeniedException',
  ExpiredToken: 'ExpiredTokenException',
  IncompleteSignature: 'IncompleteSignatureException',
  InvalidClientTokenId: 'UnrecognizedClientException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
}

export interface JsonErrorOptions {
  readonly contentType: string
  /** The status of the codes above: the JSON-RPC services answer 400, the REST services 403. */
  readonly authStatus: number
  readonly headers?: Readonly<Record<string, string>>
}

/** An error of the JSON protocols: `__type` and `message` in the body, the type again in `x-amzn-errortype`. */
export function encodeJsonError(error: AwsError, requestId: string, options: JsonErrorOptions): HttpResponse {
  const authCode = jsonCodes[error.code]
  const code = authCode ?? error.code
  return {
    status: authCode ? options.authStatus : error.status,
    headers: {
      'content-type': options.contentType,
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': code,
      ...options.headers,
    },
    body: encodeJson({ __type: code, message: error.message, ...(authCode ? {} : error.members) }),
  }
}
