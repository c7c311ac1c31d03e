import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { connectionFault } from './connection-fault.ts'
import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { findProxy } from './find-proxy.ts'
import { createPacketReader, encodeConnect, encodePacket, type MqttPacket, packetTypes } from './mqtt-packets.ts'

export interface MqttOptions {
  /** `host` or `host:port`; 8883 when no port stands there. */
  readonly endpoint: string
  readonly clientId: string
  readonly tls: { readonly key: string; readonly cert: string; readonly ca?: string }
  /** AWS IoT takes 30 to 1,200 s (AWS IoT Core quotas). */
  readonly keepAliveSeconds: number
  /** For the connection with TLS, and again for the broker's answer to CONNECT. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface MqttConnection {
  /** Resolves when the connection has ended: undefined after disconnect, else why. */
  readonly closed: Promise<DeviceFault | undefined>
  /** Says goodbye, so that the broker publishes no last will, and ends. */
  disconnect(): Promise<void>
}

type Packets = EventEmitter<{ packet: [MqttPacket] }>

const mqttPort = 8883
/** AWS IoT takes MQTT on 443 only with this protocol name (AWS IoT developer guide, "Device communication protocols"). */
const alpnOn443 = ['x-amzn-mqtt-ca']

/** MQTT 3.1.1, table 3.1. */
const refusals: Readonly<Record<number, DeviceFaultCode>> = {
  1: 'MQTT_VERSION_REFUSED',
  2: 'MQTT_CLIENT_ID_REFUSED',
  3: 'MQTT_UNAVAILABLE',
  4: 'MQTT_CREDENTIALS_REFUSED',
  5: 'MQTT_NOT_AUTHORIZED',
}

/**
 * Connects over mutual TLS, through the proxy of the environment if there is one, and resolves when the broker accepted. Rejects with a DeviceFault: the connection's, an MQTT_… one for a
 * refusal, or REGISTRATION_PENDING when the broker hung up without a word, as AWS IoT does on a first connection.
 */
export async function openMqttConnection(options: MqttOptions): Promise<MqttConnection> {
  const endpoint = parseEndpoint(options.endpoint, mqttPort)
  const tunnel = await openProxied(endpoint, options)
  const socket = openTls(endpoint, tunnel, options)
  const packets = readPackets(socket, options.endpoint)
  const abort = () => socket.destroy(options.signal?.reason)
  options.signal?.addEventListener('abort', abort)
  if (options.signal?.aborted) abort()
  try {
    await acceptance(socket, packets, options)
  } catch (error) {
    socket.destroy()
    throw connectionFault(error, options.endpoint)
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
  return holdConnection(socket, packets, options)
}

async function openProxied({ host, port }: Endpoint, options: MqttOptions): Promise<Socket | undefined> {
  const proxy = findProxy(host, port)
  if (proxy === undefined) return undefined
  const { openTunnel } = await import('./open-tunnel.ts')
  return await openTunnel(proxy, { host, port, timeoutMs: options.timeoutMs, signal: options.signal })
}

function openTls({ host, port, servername }: Endpoint, tunnel: Socket | undefined, { tls }: MqttOptions): TLSSocket {
  return connectTls({
    host,
    port,
    ...(tunnel && { socket: tunnel }),
    ...tls,
    ...(servername !== undefined && { servername }),
    ...(port === 443 && { ALPNProtocols: alpnOn443 }),
  })
}

/** Tells of packets; a socket that brings something else is destroyed with MQTT_PROTOCOL. */
function readPackets(socket: TLSSocket, endpoint: string): Packets {
  const packets: Packets = new EventEmitter()
  const read = createPacketReader((packet) => packets.emit('packet', packet))
  socket.on('data', (chunk) => {
    try {
      read(chunk)
    } catch (error) {
      socket.destroy(new DeviceFault('MQTT_PROTOCOL', `${endpoint}: ${(error as Error).message}`, { cause: error }))
    }
  })
  return packets
}

/** Resolves when CONNACK accepts. */
function acceptance(socket: TLSSocket, packets: Packets, options: MqttOptions): Promise<void> {
  const { endpoint, clientId, keepAliveSeconds, timeoutMs } = options
  return new Promise((resolve, reject) => {
    let secure = false
    const onTimeout = () => reject(new DeviceFault('CONNECTION_TIMEOUT', `${endpoint} was silent for too long`))
    let timer = setTimeout(onTimeout, timeoutMs)
    socket.once('secureConnect', () => {
      secure = true
      clearTimeout(timer)
      timer = setTimeout(onTimeout, timeoutMs)
      socket.write(encodeConnect(clientId, keepAliveSeconds))
    })
    packets.once('packet', (packet) => {
      clearTimeout(timer)
      const fault = judgeAnswer(packet, endpoint)
      if (fault === undefined) resolve()
      else reject(fault)
    })
    socket.once('error', (error) => {
      clearTimeout(timer)
      // A reset after the handshake is the same hanging up, seen while CONNECT was still under way.
      const hungUp = secure && ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
      reject(hungUp ? pending(endpoint) : error)
    })
    socket.once('close', () => {
      clearTimeout(timer)
      reject(secure ? pending(endpoint) : new DeviceFault('CONNECTION_LOST', `${endpoint} ended the connection`))
    })
  })
}

/** The second byte of a CONNACK is its return code (section 3.2.2.3). */
function judgeAnswer({ type, body }: MqttPacket, endpoint: string): DeviceFault | undefined {
  if (type !== packetTypes.connack || body.length !== 2) {
    return new DeviceFault('MQTT_PROTOCOL', `${endpoint} sent a packet of type ${type} where CONNACK is due`)
  }
  const returnCode = body[1] ?? -1
  if (returnCode === 0) return undefined
  return new DeviceFault(refusals[returnCode] ?? 'MQTT_PROTOCOL', `${endpoint} refused with CONNACK ${returnCode}`)
}

function pending(endpoint: string): DeviceFault {
  return new DeviceFault('REGISTRATION_PENDING', `${endpoint} took the certificate and hung up`)
}

/** Pings an accepted connection while it is idle, and drops it when no answer comes (MQTT 3.1.1, section 3.1.2.10). */
function holdConnection(socket: TLSSocket, packets: Packets, options: MqttOptions): MqttConnection {
  const { endpoint, keepAliveSeconds, timeoutMs } = options
  let leaving = false
  let deadline: NodeJS.Timeout | undefined
  const pinging = setInterval(() => {
    socket.write(encodePacket(packetTypes.pingreq))
    deadline ??= setTimeout(() => socket.destroy(), timeoutMs)
  }, keepAliveSeconds * 1000)
  packets.on('packet', () => {
    clearTimeout(deadline)
    deadline = undefined
  })
  const closed = new Promise<DeviceFault | undefined>((resolve) => {
    let cause: unknown
    socket.on('error', (error) => {
      cause = error
    })
    socket.on('close', () => {
      clearInterval(pinging)
      clearTimeout(deadline)
      const fault = new DeviceFault('CONNECTION_LOST', `${endpoint} ended the connection`, { cause })
      resolve(leaving ? undefined : fault)
    })
  })
  return {
    closed,
    async disconnect() {
      leaving = true
      socket.end(encodePacket(packetTypes.disconnect))
      const giveUp = setTimeout(() => socket.destroy(), timeoutMs)
      await closed
      clearTimeout(giveUp)
    },
  }
}
