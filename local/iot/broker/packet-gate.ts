import { Duplex } from 'node:stream'
import { MAX_PACKET_BYTES, MAX_WAITING_BYTES } from '../mqtt-limits.ts'
import { admitPacket } from './admit-packet.ts'
import { createFrameReader } from './frame-reader.ts'

/** The first byte of a CONNECT packet (MQTT 3.1.1, 3.1.1). */
const CONNECT = 0x10

/**
 * Stands between a client's socket and the broker. Inwards it passes whole packets that AWS IoT would take and
 * destroys the connection at the first other one. Outwards it lets packets wait in the socket up to a bound, so that
 * one slow client does not hold up the rest.
 */
export function createPacketGate(socket: Duplex): Duplex {
  const readFrames = createFrameReader(MAX_PACKET_BYTES)
  let resumeWriting: (() => void) | undefined

  const gate = new Duplex({
    read: () => void socket.resume(),
    writev(chunks, done) {
      socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)))
      if (socket.writableLength <= MAX_WAITING_BYTES) done()
      else resumeWriting = done
    },
    final: (done) => void socket.end(() => done()),
    destroy(error, done) {
      socket.destroy()
      done(error)
    },
  })

  socket.once('data', (chunk: Buffer) => {
    if (chunk[0] !== CONNECT) gate.destroy(new Error('the first packet is no CONNECT'))
  })
  socket.on('data', (chunk: Buffer) => {
    if (gate.destroyed) return
    try {
      for (const packet of readFrames(chunk)) {
        admitPacket(packet)
        if (!gate.push(packet)) socket.pause()
      }
    } catch (error) {
      gate.destroy(error as Error)
    }
  })
  socket.on('drain', () => {
    resumeWriting?.()
    resumeWriting = undefined
  })
  socket.on('end', () => gate.push(null))
  socket.on('error', (error) => gate.destroy(error))
  socket.on('close', () => gate.destroy())
  return gate
}
