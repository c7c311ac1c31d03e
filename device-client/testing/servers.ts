import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import mqtt, { type Packet } from 'mqtt-packet'
import { onTestFinished } from 'vitest'

/** Listens on a free port of 127.0.0.1 until the test is over; resolves with the port. */
export async function listen(server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>()
  const track = (socket: { destroy(): void; once(event: 'close', listener: () => void): unknown }) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  server.on('connection', track)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

export async function startHttp(handle: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createHttpServer(handle))}`
}

export async function startHttps(tls: TlsOptions, handle: RequestListener): Promise<string> {
  return `localhost:${await listen(createHttpsServer(tls, handle))}`
}

/** An MQTT broker's door: what `onPacket` does with each packet is all that it does. */
export async function startMqtt(
  tls: TlsOptions,
  onPacket: (packet: Packet, socket: TLSSocket) => void,
): Promise<string> {
  const server = createTlsServer(tls, (socket) => {
    const parser = mqtt.parser({ protocolVersion: 4 })
    parser.on('packet', (packet) => onPacket(packet, socket))
    parser.on('error', () => socket.destroy())
    socket.on('data', (chunk) => parser.parse(chunk))
    socket.on('error', () => {})
  })
  // A handshake that fails is what some tests are about.
  server.on('tlsClientError', () => {})
  return `localhost:${await listen(server)}`
}

export const connack = (returnCode: number) => mqtt.generate({ cmd: 'connack', returnCode, sessionPresent: false })
