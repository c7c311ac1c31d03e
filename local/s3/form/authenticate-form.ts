import { createCall, requestContext } from '#local/gateway/call.ts'
import type { CredentialLookup } from '#local/gateway/credential-lookup.ts'
import { computeMac } from '#local/gateway/sigv4/mac-key.ts'
import { deriveSigningKey } from '#local/gateway/sigv4/signing-keys.ts'
import { isSignature } from '#local/gateway/sigv4/verify-signature.ts'
import { type Authorizer, AwsError, type Call } from '#local/service.ts'
import { s3Error } from '../s3-error.ts'

export interface FormAuthenticator {
  readonly credentials: CredentialLookup
  readonly authorizer: Authorizer
  readonly region: string
  readonly clock: () => Date
}

/** The call of whoever signed the form's policy, which is the text that is signed. */
export function authenticateForm(
  { credentials, authorizer, region, clock }: FormAuthenticator,
  fields: ReadonlyMap<string, string>,
  call: Call,
): Call {
  if (fields.get('x-amz-algorithm') !== 'AWS4-HMAC-SHA256') throw missing('x-amz-algorithm')
  const [accessKeyId = '', date = '', scopeRegion, service, terminal] = (fields.get('x-amz-credential') ?? '').split(
    '/',
  )
  if (scopeRegion !== region || service !== 's3' || terminal !== 'aws4_request') throw missing('x-amz-credential')
  const { secretAccessKey, caller } = findCredential(credentials, accessKeyId, fields.get('x-amz-security-token'))
  const key = deriveSigningKey(secretAccessKey, { date, region, service })
  const policy = fields.get('policy') ?? ''
  const signature = fields.get('x-amz-signature') ?? ''
  if (!isSignature(signature, computeMac(key, policy))) {
    throw s3Error('SignatureDoesNotMatch', {
      AWSAccessKeyId: accessKeyId,
      StringToSign: policy,
      SignatureProvided: signature,
    })
  }
  return createCall({
    authorizer,
    caller,
    requestId: call.requestId,
    sourceIp: call.sourceIp,
    context: {
      ...requestContext(caller, region, clock()),
      'aws:SourceIp': call.sourceIp,
    },
  })
}

function findCredential(credentials: CredentialLookup, accessKeyId: string, sessionToken: string | undefined) {
  try {
    return credentials.find(accessKeyId, sessionToken)
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'InvalidClientTokenId') throw error
    throw s3Error('InvalidAccessKeyId', { AWSAccessKeyId: accessKeyId })
  }
}

function missing(name: string): Error {
  return s3Error(
    'InvalidArgument',
    { ArgumentName: name },
    { message: `Bucket POST must contain a field named '${name}'. If it is specified, please check its value.` },
  )
}
