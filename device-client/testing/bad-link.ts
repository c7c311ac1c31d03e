import { connect, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FindBodies } from './find-bodies.ts'
import { listen } from './servers.ts'

type Direction = 'up' | 'down'

/** What befalls one connection. Time is counted in turns of the event loop, so that nothing depends on the machine's. */
export interface Fate {
  /** Ends it after so many bytes. */
  readonly cut?: { readonly direction: Direction; readonly afterBytes: number; readonly isReset: boolean }
  /** Turns a bit of the first body byte after so many bytes. */
  readonly flip?: { readonly direction: Direction; readonly afterBytes: number; readonly bit: number }
  /** How long each piece is under way. */
  readonly delayTurns: number
  /** How many bytes pass in a turn. */
  readonly pieceBytes: number
}

export interface BadLink {
  readonly port: number
  readonly connections: () => number
  readonly cuts: () => number
  readonly flips: () => number
}

/** A TCP link to a port of this machine on which each connection has its own fate, by its number from 0. */
export async function startBadLink(
  port: number,
  fateOf: (connection: number) => Fate,
  createBodyFinder: () => FindBodies,
): Promise<BadLink> {
  const counts = { connections: 0, cuts: 0, flips: 0 }

  async function pass(from: Socket, to: Socket, direction: Direction, fate: Fate): Promise<void> {
    const { delayTurns, pieceBytes } = fate
    const cut = fate.cut?.direction === direction ? fate.cut : undefined
    let flip = fate.flip?.direction === direction ? fate.flip : undefined
    const findBodies = createBodyFinder()
    let passed = 0

    function damage(chunk: Buffer): void {
      for (const [start, end] of findBodies(chunk)) {
        if (flip === undefined || passed + end <= flip.afterBytes) continue
        const position = Math.max(start, flip.afterBytes - passed)
        chunk[position] = (chunk[position] ?? 0) ^ (1 << flip.bit)
        flip = undefined
        counts.flips++
      }
    }

    for await (const chunk of from as AsyncIterable<Buffer>) {
      damage(chunk)
      for (let position = 0; position < chunk.length; position += pieceBytes) {
        const piece = chunk.subarray(position, position + pieceBytes)
        for (let turn = 0; turn < delayTurns; turn++) await setImmediate()
        const isCut = cut !== undefined && passed + piece.length >= cut.afterBytes
        await write(to, isCut ? piece.subarray(0, cut.afterBytes - passed) : piece)
        passed += piece.length
        if (!isCut) continue
        counts.cuts++
        for (const socket of [from, to]) {
          if (cut.isReset) socket.resetAndDestroy()
          else socket.destroy()
        }
        return
      }
    }
    to.end()
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const fate = fateOf(counts.connections++)
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    for (const [from, to, direction] of [
      [near, far, 'up'],
      [far, near, 'down'],
    ] as const) {
      from.on('error', () => to.destroy()).on('close', () => to.destroySoon())
      pass(from, to, direction, fate).catch(() => to.destroy())
    }
  })
  return {
    port: await listen(server),
    connections: () => counts.connections,
    cuts: () => counts.cuts,
    flips: () => counts.flips,
  }
}

function write(socket: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())))
}
