import type { WriteChunk } from './http/http-connection.ts'
import type { HttpTransport } from './http-transport.ts'
import type { Runtime } from './runtime.ts'

/** Bytes per second at a time by this machine's clock; undefined is without limit. */
export type BandwidthLimit = (now: Date) => number | undefined

/** In a piece goes what a quarter of a second allows, so that servers do not take a slow sender for a dead one. */
const piecesPerSecond = 4
const leastPieceBytes = 1024

/** A transport whose requests' bodies together keep to a limit, which is asked for before each piece. */
export function limitBandwidth(
  transport: HttpTransport,
  limit: BandwidthLimit,
  { clock, monotonicMs, wait }: Pick<Runtime, 'clock' | 'monotonicMs' | 'wait'>,
): HttpTransport {
  let freeAtMs = 0

  async function writeAtRate(chunk: Uint8Array, write: WriteChunk, signal: AbortSignal | undefined): Promise<void> {
    for (let position = 0; position < chunk.length; ) {
      const bytesPerSecond = limit(clock())
      if (bytesPerSecond === undefined) return await write(chunk.subarray(position))
      const pieceBytes = Math.max(leastPieceBytes, Math.floor(bytesPerSecond / piecesPerSecond))
      const piece = chunk.subarray(position, position + pieceBytes)
      const nowMs = monotonicMs()
      const startMs = Math.max(nowMs, freeAtMs)
      freeAtMs = startMs + (piece.length / bytesPerSecond) * 1000
      if (startMs > nowMs) await wait(startMs - nowMs, signal)
      await write(piece)
      position += piece.length
    }
  }

  return {
    ...transport,
    async send(request) {
      const { body, signal } = request
      if (body === undefined || body.length === 0 || limit(clock()) === undefined) return await transport.send(request)
      const paced = async (write: WriteChunk) => {
        const slowly = (chunk: Uint8Array) => writeAtRate(chunk, write, signal)
        if (typeof body === 'function') await body(slowly)
        else await slowly(Buffer.from(body))
      }
      return await transport.send({ ...request, body: paced })
    },
  }
}
