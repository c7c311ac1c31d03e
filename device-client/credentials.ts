import type { SavedConfiguration } from './device-configuration.ts'
import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'
import { parseEndpoint } from './endpoint.ts'
import type { HttpAnswer, HttpTransport } from './http-transport.ts'

/** Temporary AWS credentials of the role behind the role alias. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
}

/** The provider's own words (AWS IoT developer guide, "Authorizing direct calls to AWS services", and recorded answers). */
const refusals: readonly (readonly [RegExp, DeviceFaultCode])[] = [
  [/invalid thing name/i, 'THING_NOT_ATTACHED'],
  [/access denied/i, 'ROLE_ALIAS_DENIED'],
  [/role alias does not exist/i, 'ROLE_ALIAS_MISSING'],
  [/unable to assume the role/i, 'ROLE_UNASSUMABLE'],
  [/exceeds the MaxSessionDuration/i, 'ROLE_SESSION_TOO_LONG'],
  [/certificate is invalid/i, 'CERTIFICATE_INACTIVE'],
]

/**
 * Trades the certificate for credentials, over mutual TLS. Throws DeviceFault: the connection's, one for each reason
 * that the provider gives, CREDENTIALS_THROTTLED for 429, CREDENTIALS_UNAVAILABLE for 5xx, CREDENTIALS_UNPARSABLE for a 200
 * that is none.
 */
export async function fetchCredentials(
  transport: HttpTransport,
  { credentialsEndpoint, roleAlias, thingName }: SavedConfiguration,
  signal?: AbortSignal,
): Promise<Credentials> {
  parseEndpoint(credentialsEndpoint, 443)
  const url = new URL(`https://${credentialsEndpoint}/role-aliases/${encodeURIComponent(roleAlias)}/credentials`)
  const headers = { 'x-amzn-iot-thingname': thingName }
  const answer = await transport.send({ method: 'GET', url, headers, signal })
  if (answer.status !== 200) throw refusal(answer, roleAlias)
  const credentials = parseCredentials(answer.body)
  if (credentials === undefined)
    throw new DeviceFault('CREDENTIALS_UNPARSABLE', `${url.host} answered without credentials`)
  return credentials
}

/** Asks the provider for nothing, in a few seconds: any answer tells the time. */
export async function askForTime(
  transport: HttpTransport,
  { credentialsEndpoint }: SavedConfiguration,
): Promise<HttpAnswer> {
  parseEndpoint(credentialsEndpoint, 443)
  const url = new URL(`https://${credentialsEndpoint}/`)
  return await transport.send({ method: 'GET', url, headers: {}, signal: AbortSignal.timeout(5000) })
}

function refusal({ status, body }: HttpAnswer, roleAlias: string): DeviceFault {
  const message = /"message"\s*:\s*"([^"]{0,300})/.exec(body)?.[1] ?? 'no reason given'
  const known = refusals.find(([words]) => words.test(message))?.[1]
  return new DeviceFault(
    refusalCode(status) ?? known ?? 'CREDENTIALS_REFUSED',
    `role alias ${roleAlias}: ${status} ${message}`,
  )
}

function refusalCode(status: number): DeviceFaultCode | undefined {
  if (status === 429) return 'CREDENTIALS_THROTTLED'
  return status >= 500 ? 'CREDENTIALS_UNAVAILABLE' : undefined
}

function parseCredentials(json: string): Credentials | undefined {
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = JSON.parse(json).credentials
    const texts = [accessKeyId, secretAccessKey, sessionToken]
    const expires = new Date(expiration)
    if (texts.some((text) => typeof text !== 'string' || text === '') || Number.isNaN(expires.getTime()))
      return undefined
    return { accessKeyId, secretAccessKey, sessionToken, expiration: expires }
  } catch {
    return undefined
  }
}
