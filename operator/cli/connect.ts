import { parseApiUrl, regionOfApiUrl } from '../api-url.ts'
import type { Operator } from '../create-operator.ts'
import { explainAwsFailure } from './explain-aws-failure.ts'
import { findApiUrl } from './find-api-url.ts'
import { type AwsChoice, resolveCredentials } from './resolve-credentials.ts'

export interface ConnectionOptions extends AwsChoice {
  readonly apiUrl?: string | undefined
  readonly stack?: string | undefined
  /** How often a request is sent before its failure is the answer. */
  readonly maxAttempts?: number
}

const defaultStack = 'Thingdrop'

/**
 * Finds the API, the region and the credentials as the options, the environment and the AWS configuration say.
 * SDK packages load only where the answer needs them. Throws OperatorError.
 */
export async function connect(
  options: ConnectionOptions,
  env: NodeJS.ProcessEnv,
  clock: () => Date,
): Promise<Operator> {
  try {
    const { profile } = options
    const region = options.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined)
    const credentials = await resolveCredentials({ profile, region }, env, clock)
    const openCloudFormation = async () => {
      const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation')
      return new CloudFormationClient({ credentials, ...(profile && { profile }), ...(region && { region }) })
    }
    const given = options.apiUrl ?? env.THINGDROP_API_URL
    const stack = options.stack ?? (env.THINGDROP_STACK || defaultStack)
    const apiUrl = parseApiUrl(given || (await findApiUrl(await openCloudFormation(), stack)))
    // Here, so that missing credentials are told apart from an API that refuses.
    await credentials()
    const { createOperator } = await import('../create-operator.ts')
    return createOperator({
      apiUrl,
      credentials,
      clock,
      maxAttempts: options.maxAttempts,
      region: regionOfApiUrl(apiUrl) ?? region ?? (await (await openCloudFormation()).config.region()),
    })
  } catch (error) {
    throw explainAwsFailure(error)
  }
}
