import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { generate, type Packet, parser } from 'mqtt-packet'

/** A bare MQTT 3.1.1 client: sends packets, and keeps those that come until a test asks for them. */
export interface MqttClient {
  readonly socket: TLSSocket
  send(packet: Packet): void
  /** The next packet; rejects when the server closes the connection instead. */
  next(): Promise<Packet>
  /** Resolves with what came before the end once the server has closed the connection. */
  closed(): Promise<Packet[]>
  end(): void
}

export async function connectTls(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', servername: 'localhost', ...options })
  await once(socket, 'secureConnect')
  return socket
}

export async function connectMqtt(options: ConnectionOptions): Promise<MqttClient> {
  const socket = await connectTls(options)
  const reader = parser()
  const packets: Packet[] = []
  let isClosed = false
  let wake = () => {}
  reader.on('packet', (packet) => {
    packets.push(packet)
    wake()
  })
  socket.on('data', (chunk) => reader.parse(chunk))
  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
    wake()
  })
  const changed = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })

  return {
    socket,
    send: (packet) => void socket.write(generate(packet)),
    async next() {
      for (;;) {
        const packet = packets.shift()
        if (packet) return packet
        if (isClosed) throw new Error('the server closed the connection')
        await changed()
      }
    },
    async closed() {
      while (!isClosed) await changed()
      return packets
    },
    end: () => socket.destroy(),
  }
}
