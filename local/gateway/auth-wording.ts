import { AwsError } from '#local/service.ts'
import type { Signature } from './sigv4/parse-signature.ts'
import type { RequestHead } from './sigv4/request-head.ts'

/** S3 has names of its own for what is wrong with credentials. */
export function wordForS3(error: AwsError, head: RequestHead, signature: Signature | undefined): AwsError {
  switch (error.code) {
    case 'InvalidClientTokenId':
      if (signature?.sessionToken !== undefined) {
        return new AwsError('InvalidToken', 'The provided token is malformed or otherwise invalid.')
      }
      return new AwsError(
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        403,
        {
          members: { AWSAccessKeyId: signature?.accessKeyId ?? '' },
        },
      )
    case 'ExpiredToken':
      return new AwsError('ExpiredToken', 'The provided token has expired.')
    case 'IncompleteSignature':
      return head.headers.has('authorization')
        ? new AwsError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${error.message}`)
        : new AwsError('AuthorizationQueryParametersError', error.message)
    default:
      return error
  }
}
