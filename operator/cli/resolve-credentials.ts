import type { AwsCredentials } from '../sign-request.ts'

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
  return profile === undefined ? fromNodeProviderChain(settings) : fromIni({ profile, ...settings })
}
