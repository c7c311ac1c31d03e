import { askForTime, fetchCredentials } from './credentials.ts'
import type { SavedConfiguration } from './device-configuration.ts'
import { DeviceFault } from './device-fault.ts'
import type { Identity } from './device-folder.ts'
import { diagnoseCertificate, diagnoseFolder } from './diagnose-folder.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { attempt, type Finding, failed, ok, warning } from './finding.ts'
import { createHttpTransport, type HttpAnswer, type HttpTransport } from './http-transport.ts'
import { openMqttConnection } from './mqtt-connection.ts'
import { type ProbedEndpoint, probeEndpoint } from './probe-endpoint.ts'
import { bucketUrl } from './put-object.ts'
import { isRefusal } from './refusal.ts'
import type { Runtime } from './runtime.ts'

export interface Diagnosis {
  /** No check failed; there may be warnings. */
  readonly isHealthy: boolean
  readonly findings: readonly Finding[]
}

/** Unlike S3, which takes 15 minutes, API Gateway takes 5 (AWS IAM user guide, "Troubleshoot signed requests"). */
const skewMs = 5 * 60_000

/**
 * Checks all that a device needs, from its folder to its credentials, without changing anything. Each connection step has
 * `timeoutMs`. A device that gets no credentials connects to MQTT as well, which registers one that is new, and ends a
 * connection that the same thing has.
 */
export async function diagnose(dir: string, { clock }: Pick<Runtime, 'clock'>, timeoutMs: number): Promise<Diagnosis> {
  const { findings, identity } = diagnoseFolder(dir)
  return conclude(
    identity === undefined ? findings : [...findings, ...(await diagnoseIdentity(dir, identity, clock, timeoutMs))],
  )
}

function conclude(findings: readonly Finding[]): Diagnosis {
  return { isHealthy: findings.every(({ state }) => state !== 'failed'), findings }
}

async function diagnoseIdentity(
  dir: string,
  identity: Identity,
  clock: () => Date,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const { configuration, tls } = identity
  const trust = tls.ca === undefined ? {} : { ca: tls.ca }
  const [mqtt, credentials, storage, api] = await Promise.all([
    probe('mqtt', () => parseEndpoint(configuration.mqttEndpoint, 8883), tls, timeoutMs),
    probe('credentials', () => parseEndpoint(configuration.credentialsEndpoint, 443), tls, timeoutMs),
    probeUrl('storage', bucketUrl(configuration), trust, timeoutMs),
    configuration.apiUrl === undefined ? [] : probeUrl('api', configuration.apiUrl, trust, timeoutMs),
  ])
  const options = { maxConnections: 1, idleTimeoutMs: timeoutMs }
  const mutual = createHttpTransport({ ...options, tls })
  const plain = createHttpTransport({ ...options, tls: trust })
  try {
    const time = isReached(credentials) ? await askTime(mutual, configuration, clock) : undefined
    return [
      ...[...mqtt, ...credentials, ...storage, ...api],
      ...(time === undefined ? [] : [judgeClock(time)]),
      ...(await diagnoseCertificate(dir, identity, time?.there ?? clock())),
      ...(isReached(credentials) ? await tryCredentials(mutual, identity, isReached(mqtt), timeoutMs) : []),
      ...(isReached(storage) ? [await tryStorage(plain, configuration)] : []),
      ...(isReached(api) ? [await tryApi(plain, configuration)] : []),
    ]
  } finally {
    mutual.close()
    plain.close()
  }
}

const isReached = (findings: readonly Finding[]) => findings.length > 0 && findings.every(({ state }) => state === 'ok')

async function probe(
  name: string,
  parse: () => Endpoint,
  tls: ProbedEndpoint['tls'],
  timeoutMs: number,
): Promise<readonly Finding[]> {
  try {
    return await probeEndpoint({ ...parse(), name, ...(tls && { tls }) }, timeoutMs)
  } catch (error) {
    return [failed(name, error)]
  }
}

function probeUrl(name: string, address: string, trust: { readonly ca?: string }, timeoutMs: number) {
  const isTls = !address.startsWith('http:')
  const parse = () => {
    if (!URL.canParse(address)) throw new DeviceFault('FOLDER_DAMAGED', `${JSON.stringify(address)} is no address`)
    return parseEndpoint(new URL(address).host, isTls ? 443 : 80)
  }
  return probe(name, parse, isTls ? trust : undefined, timeoutMs)
}

interface Times {
  readonly here: Date
  readonly there: Date
}

async function askTime(
  mutual: HttpTransport,
  configuration: SavedConfiguration,
  clock: () => Date,
): Promise<Times | undefined> {
  const answer = await askForTime(mutual, configuration).catch(() => undefined)
  const there = new Date(answer?.headers.date ?? '')
  return Number.isNaN(there.getTime()) ? undefined : { here: clock(), there }
}

function judgeClock({ here, there }: Times): Finding {
  const offMs = here.getTime() - there.getTime()
  const seconds = Math.round(Math.abs(offMs) / 1000)
  if (Math.abs(offMs) < skewMs) return ok('clock', `within ${seconds + 1} s of the services'`)
  const message = `this machine says ${here.toISOString()}, the services ${there.toISOString()}`
  return warning('clock', 'CLOCK_SKEWED', message)
}

async function tryCredentials(
  mutual: HttpTransport,
  { configuration, tls }: Identity,
  isMqttReached: boolean,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  let refused = false
  const credentials = await attempt('credentials', async () => {
    try {
      const { expiration } = await fetchCredentials(mutual, configuration)
      return `role alias ${configuration.roleAlias} gives some until ${expiration.toISOString()}`
    } catch (error) {
      refused = isRefusal(error)
      throw error
    }
  })
  if (!refused || !isMqttReached) return [credentials]
  const { mqttEndpoint: endpoint, thingName: clientId } = configuration
  const connection = await attempt('mqtt', async () => {
    await (await openMqttConnection({ endpoint, clientId, tls, keepAliveSeconds: 60, timeoutMs })).disconnect()
    return `${endpoint} accepts ${clientId}`
  })
  return [credentials, connection]
}

/** Unsigned, so that S3 refuses; what matters is that it is S3 which does. */
function tryStorage(plain: HttpTransport, configuration: SavedConfiguration): Promise<Finding> {
  return attempt('storage', async () => {
    const url = new URL(`${bucketUrl(configuration)}/`)
    const answer = await plain.send({ method: 'GET', url, headers: {} })
    if (/<Code>NoSuchBucket</.test(answer.body)) {
      throw new DeviceFault('BUCKET_MISSING', `${url.host} knows no bucket ${configuration.bucket}`)
    }
    return judgeAnswer(answer, url, 'UPLOAD_UNAVAILABLE')
  })
}

/** Unsigned, so that the API refuses before it does anything. */
function tryApi(plain: HttpTransport, { apiUrl = '', thingName }: SavedConfiguration): Promise<Finding> {
  return attempt('api', async () => {
    const url = new URL(`${apiUrl.replace(/\/+$/, '')}/v1/things/${encodeURIComponent(thingName)}`)
    const answer = await plain.send({ method: 'GET', url, headers: { accept: 'application/json' } })
    return judgeAnswer(answer, url, 'RENEWAL_UNAVAILABLE')
  })
}

function judgeAnswer(
  { status }: HttpAnswer,
  { host }: URL,
  unavailable: 'UPLOAD_UNAVAILABLE' | 'RENEWAL_UNAVAILABLE',
): string {
  if (status >= 500) throw new DeviceFault(unavailable, `${host} answers ${status}`)
  if (status >= 300 && status < 400)
    throw new DeviceFault('ANSWER_INVALID', `${host} sends its callers elsewhere (${status})`)
  return `${host} answers`
}
