import { AwsError } from '#local/service.ts'
import type { Signature } from './parse-signature.ts'
import { readInstant } from './timestamp.ts'

/** The refusals of a signature, each in S3's words or in those of the other services. */

export function signatureMismatch(signature: Signature, stringToSign: string, canonicalRequest: string): AwsError {
  if (signature.scope.service !== 's3') {
    return mismatch(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    )
  }
  return new AwsError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    403,
    {
      members: {
        AWSAccessKeyId: signature.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: signature.signature,
        StringToSignBytes: formatBytes(stringToSign),
        CanonicalRequest: canonicalRequest,
        CanonicalRequestBytes: formatBytes(canonicalRequest),
      },
    },
  )
}

export function timeSkewed({ scope, timestamp }: Signature, now: Date): AwsError {
  if (scope.service === 's3') {
    return new AwsError(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      403,
      { members: { RequestTime: timestamp, ServerTime: formatInstant(now), MaxAllowedSkewMilliseconds: '900000' } },
    )
  }
  return readInstant(timestamp) > now.getTime()
    ? mismatch(`Signature not yet current: ${timestamp} is still later than ${formatInstant(now)} (+ 15 min.)`)
    : mismatch(`Signature expired: ${timestamp} is now earlier than ${formatInstant(now)} (- 15 min.)`)
}

/** A presigned URL past its life. */
export function expired({ scope, timestamp, expiresSeconds = 0 }: Signature, now: Date): AwsError {
  const end = new Date(readInstant(timestamp) + expiresSeconds * 1000)
  if (scope.service !== 's3') {
    return mismatch(`Signature expired: ${timestamp} + ${expiresSeconds} s is now earlier than ${formatInstant(now)}`)
  }
  return new AwsError('AccessDenied', 'Request has expired', 403, {
    members: { 'X-Amz-Expires': String(expiresSeconds), Expires: formatInstant(end), ServerTime: formatInstant(now) },
  })
}

export function headersNotSigned({ scope }: Signature, names: readonly string[]): AwsError {
  if (scope.service === 's3') {
    return new AwsError('AccessDenied', 'There were headers present in the request which were not signed', 403, {
      members: { HeadersNotSigned: names.join(', ') },
    })
  }
  return mismatch(`'${names.join("', '")}' must be a 'SignedHeader' in the AWS Authorization.`)
}

export function wrongRegion({ place, scope }: Signature, region: string): AwsError {
  if (scope.service !== 's3') return mismatch('Credential should be scoped to a valid region.')
  return place === 'header'
    ? new AwsError(
        'AuthorizationHeaderMalformed',
        `The authorization header is malformed; the region '${scope.region}' is wrong; expecting '${region}'`,
        400,
        { members: { Region: region } },
      )
    : new AwsError(
        'AuthorizationQueryParametersError',
        `Error parsing the X-Amz-Credential parameter; the region '${scope.region}' is wrong; expecting '${region}'`,
        400,
        { members: { Region: region } },
      )
}

export function dateMismatch({ place, scope, timestamp }: Signature): AwsError {
  const date = timestamp.slice(0, 8)
  if (scope.service !== 's3') {
    return mismatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${date}', from '${timestamp}'.`,
    )
  }
  const message = `Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: "${date}".`
  return new AwsError(
    place === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError',
    message,
  )
}

function mismatch(message: string): AwsError {
  return new AwsError('SignatureDoesNotMatch', message, 403)
}

function formatBytes(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
}

function formatInstant(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
