import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import { type FaultCode, faultStatus } from '#contract/fault-codes.ts'
import type { SavedConfiguration } from '../device-configuration.ts'
import { certificateIdOf } from '../issued-certificate.ts'
import type { KeyAndCertificate, TestAuthority } from './certificates.ts'
import { createEnrolledFolder, testConfiguration } from './enrolled-device.ts'
import { signAsSdk } from './sdk-signature.ts'
import { connack, startHttps, startMqtt } from './servers.ts'

interface Vended {
  readonly certificateId: string
  readonly certificatePem: string
  readonly publicKey: string
  state: 'vended' | 'active' | 'quarantined' | 'retired'
}

type Service = 'connect' | 'credentials' | 'renew' | 'confirm'
/** Before the backend does what it is asked for, and after, when only the answer is missing. */
export type Step = `${Service} asked` | `${Service} done`

/** A thing's certificates as the backend keeps them, behind a broker, a credentials provider and the API, all with TLS. */
export interface RenewalBackend {
  /** The folder of a device that is enrolled here. */
  readonly dir: string
  readonly configuration: SavedConfiguration
  readonly steps: readonly Step[]
  holder(): Vended
  /** The certificates that connect and get credentials. */
  usable(): readonly Vended[]
  /** Called at each step; nothing more happens for the request when it returns false. */
  interfere: (step: Step) => boolean
  /** What a new certificate becomes with its first connection. */
  registersAs: 'active' | 'quarantined' | 'vended'
  /** What the API answers instead, for one code each. */
  readonly refuse: Partial<Record<'renew' | 'confirm', FaultCode>>
  /** Retires what nobody confirmed. */
  sweep(): void
}

export async function startRenewalBackend(
  authority: TestAuthority,
  identity?: KeyAndCertificate,
): Promise<RenewalBackend> {
  const server = await authority.issueServer()
  const mutual = { ...server, ca: authority.pem, requestCert: true }
  const { thingName, region } = testConfiguration
  const first = identity ?? (await authority.issueDevice(thingName))
  const certificates = [describe(first.cert, 'active')]
  const steps: Step[] = []
  let holder = certificates[0] as Vended
  const sessions = new Set<TLSSocket>()

  const find = (id: string) => certificates.find(({ certificateId }) => certificateId === id)
  const peerOf = (socket: TLSSocket) => find(idOf(socket.getPeerCertificate().fingerprint256))
  const enter = (step: Step) => {
    steps.push(step)
    return backend.interfere(step)
  }
  const retire = (stay: Vended) => {
    for (const vended of certificates) if (vended !== stay) vended.state = 'retired'
  }

  const mqttEndpoint = await startMqtt(mutual, (packet, socket) => {
    const peer = peerOf(socket)
    if (packet.cmd !== 'connect' || !enter('connect asked')) return
    const isAccepted = peer?.state === 'active'
    if (peer?.state === 'vended') peer.state = backend.registersAs
    if (!enter('connect done')) return
    if (!isAccepted) return void socket.end()
    // MQTT 3.1.1, section 3.1.4: a client id has one connection.
    for (const session of sessions) session.end()
    sessions.add(socket)
    socket.on('close', () => sessions.delete(socket)).write(connack(0))
  })

  const credentialsEndpoint = await startHttps(mutual, (request, response) => {
    const peer = peerOf(request.socket as TLSSocket)
    if (!enter('credentials asked') || !enter('credentials done')) return
    if (peer?.state !== 'active') {
      return void response.writeHead(403).end('{"message":"Certificate is invalid on this endpoint"}')
    }
    response.end(JSON.stringify({ credentials: credentialsOf(peer.certificateId) }))
  })

  async function renew(caller: Vended, body: string): Promise<unknown> {
    const { csr } = JSON.parse(body) as { csr: string }
    const publicKey = Buffer.from(new Pkcs10CertificateRequest(csr).publicKey.rawData).toString('hex')
    const known = certificates.find((vended) => vended.publicKey === publicKey)
    if (backend.refuse.renew) return backend.refuse.renew
    if (caller !== holder) return 'CALLER_MISMATCH'
    if (known?.state === 'retired') return 'CERTIFICATE_SUPERSEDED'
    if (known === undefined) {
      retire(holder)
      certificates.push(describe(await authority.sign(csr), 'vended'))
    }
    const vended = known ?? (certificates.at(-1) as Vended)
    const { certificateId, certificatePem } = vended
    return {
      certificateId,
      certificatePem,
      chainPem: authority.pem,
      notAfter: '2099-01-01T00:00:00Z',
      device: configuration,
    }
  }

  function confirm(caller: Vended, certificateId: string): unknown {
    if (backend.refuse.confirm) return backend.refuse.confirm
    if (caller.certificateId !== certificateId) return 'CALLER_MISMATCH'
    if (caller.state !== 'active') return 'CERTIFICATE_SUPERSEDED'
    const retired = certificates.filter((vended) => vended !== caller && vended.state === 'active')
    holder = caller
    retire(holder)
    return { certificateId, retired: retired.map((vended) => vended.certificateId) }
  }

  const apiHost = await startHttps(server, async (request, response) => {
    const body = await text(request)
    const id = await callerOf(request, body, region)
    const caller = id === undefined ? undefined : find(id)
    if (caller === undefined) return void response.writeHead(403).end('{"message":"Forbidden"}')
    const [, confirmed] = /^\/v1\/things\/press-7\/certificates(?:\/(\w+)\/confirm)?$/.exec(request.url ?? '') ?? []
    const service = confirmed === undefined ? 'renew' : 'confirm'
    if (!enter(`${service} asked`)) return
    const answer = confirmed === undefined ? await renew(caller, body) : confirm(caller, confirmed)
    if (enter(`${service} done`)) respond(response, answer)
  })

  const configuration = { ...testConfiguration, mqttEndpoint, credentialsEndpoint, apiUrl: `https://${apiHost}` }
  const backend: RenewalBackend = {
    dir: await createEnrolledFolder(authority, configuration, first),
    configuration,
    steps,
    holder: () => holder,
    usable: () => certificates.filter(({ state }) => state === 'active'),
    interfere: () => true,
    registersAs: 'active',
    refuse: {},
    sweep: () => retire(holder),
  }
  return backend
}

function describe(certificatePem: string, state: Vended['state']): Vended {
  const certificate = new X509Certificate(certificatePem)
  const publicKey = createPublicKey(certificatePem).export({ type: 'spki', format: 'der' }).toString('hex')
  return { certificateId: certificateIdOf(certificate), certificatePem, publicKey, state }
}

const idOf = (fingerprint256: string) => fingerprint256.replaceAll(':', '').toLowerCase()

function credentialsOf(id: string) {
  const keys = { accessKeyId: `ASIA${id.slice(0, 8)}`, secretAccessKey: `secret-${id}`, sessionToken: `token-${id}` }
  return { ...keys, expiration: new Date(Date.now() + 3_600_000) }
}

/** The certificate behind a request whose signature the AWS SDK's signer gives as well. */
async function callerOf({ method = '', url = '', headers }: IncomingMessage, body: string, region: string) {
  const id = String(headers['x-amz-security-token']).replace('token-', '')
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? []
  const own = names.filter((name) => !name.startsWith('x-amz-'))
  const date = String(headers['x-amz-date']).replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')
  const expected = await signAsSdk(
    'execute-api',
    region,
    {
      method,
      path: url,
      headers: Object.fromEntries(own.map((name) => [name, String(headers[name])])),
      payloadHash: createHash('sha256').update(body).digest('hex'),
    },
    credentialsOf(id),
    new Date(date),
  )
  return expected === headers.authorization ? id : undefined
}

function respond(response: ServerResponse, answer: unknown): void {
  if (typeof answer !== 'string') return void response.end(JSON.stringify(answer))
  const code = answer as FaultCode
  const status = faultStatus[code]
  const problem = { type: 'about:blank', title: code, status, code, detail: `detail of ${code}`, requestId: 'r1' }
  response.writeHead(status).end(JSON.stringify(problem))
}
