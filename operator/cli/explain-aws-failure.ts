import { networkCodeOf } from '../explain-connection-failure.ts'
import { OperatorError } from '../operator-error.ts'

/** What the SDK threw while it looked for credentials, region or stack, with what mends it. Returns others as they came. */
export function explainAwsFailure(error: unknown): unknown {
  if (error instanceof OperatorError || !(error instanceof Error)) return error
  if (/ProviderError$/.test(error.name)) {
    return new OperatorError('CREDENTIALS_UNUSABLE', error.message, {
      hint: '`aws configure` or `aws sso login` makes some, --profile NAME chooses, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY give them',
      cause: error,
    })
  }
  if (error.message === 'Region is missing') {
    return new OperatorError('REGION_MISSING', 'no AWS region is set', {
      hint: 'give --region eu-west-1, or set AWS_REGION, or the region of the profile: aws configure set region eu-west-1',
      cause: error,
    })
  }
  const { httpStatusCode, requestId } = metadataOf(error)
  if (httpStatusCode !== undefined) {
    return new OperatorError('AWS_REFUSED', `${error.name}: ${error.message}`, {
      hint: /Token|Signature|Credential/.test(error.name)
        ? 'the credentials are expired or wrong: renew them (aws sso login, aws configure)'
        : '--api-url (or THINGDROP_API_URL) goes without CloudFormation',
      status: httpStatusCode,
      requestId,
      cause: error,
    })
  }
  const networkCode = networkCodeOf(error)
  if (networkCode === undefined) return error
  return new OperatorError('API_UNREACHABLE', `AWS could not be reached: ${error.message || networkCode}`, {
    hint: 'check the network and AWS_ENDPOINT_URL; is the embedded cloud running? thingdrop local',
    cause: error,
  })
}

function metadataOf(error: Error): { httpStatusCode?: number; requestId?: string } {
  return '$metadata' in error ? (error.$metadata as object) : {}
}
