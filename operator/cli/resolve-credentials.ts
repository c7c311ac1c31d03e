import type { AwsCredentials } from '../sign-request.ts'
import { explainAwsFailure } from './explain-aws-failure.ts'

const refreshBeforeMs = 5 * 60_000

export interface AwsChoice {
  readonly profile?: string | undefined
  readonly region?: string | undefined
}

/**
 * The credentials that the AWS CLI would take: --profile, then the environment's keys, then the chain with AWS_PROFILE.
 * (The SDK's own chain lets AWS_PROFILE go before the keys.)
 */
export async function resolveCredentials(
  { profile, region }: AwsChoice,
  env: NodeJS.ProcessEnv,
  clock: () => Date,
): Promise<() => Promise<AwsCredentials>> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  if (profile === undefined && accessKeyId && secretAccessKey) {
    return async () => ({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) })
  }
  const { fromIni, fromNodeProviderChain } = await import('@aws-sdk/credential-providers')
  const settings = region === undefined ? {} : { clientConfig: { region } }
  // The chain would go on to other identities where the profile fails; what was asked for by name is taken or nothing.
  const provider = profile === undefined ? fromNodeProviderChain(settings) : fromIni({ profile, ...settings })
  return keepUntilExpiry(provider, clock)
}

interface ExpiringCredentials extends AwsCredentials {
  readonly expiration?: Date
}

/** A profile may ask STS, or a process that asks a person: once for a list of many pages, and again before its end. */
function keepUntilExpiry(
  provider: () => Promise<ExpiringCredentials>,
  clock: () => Date,
): () => Promise<AwsCredentials> {
  let kept: ExpiringCredentials | undefined
  return async () => {
    const endsMs = kept?.expiration?.getTime() ?? Number.POSITIVE_INFINITY
    if (kept === undefined || endsMs - clock().getTime() < refreshBeforeMs) {
      kept = await provider().catch((error) => {
        throw explainAwsFailure(error)
      })
    }
    return kept
  }
}
