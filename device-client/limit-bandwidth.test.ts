import { expect, test } from 'vitest'
import type { HttpTransport } from './http-transport.ts'
import { limitBandwidth } from './limit-bandwidth.ts'

/** A transport that notes when which bytes are written, on a clock that waiting moves on. */
function createNotingTransport() {
  let nowMs = 0
  const written: { readonly atMs: number; readonly bytes: number }[] = []
  const transport: HttpTransport = {
    async send({ body }) {
      const write = async (chunk: Uint8Array) => void written.push({ atMs: nowMs, bytes: chunk.length })
      if (typeof body === 'function') await body(write)
      else if (body !== undefined) await write(Buffer.from(body))
      return { status: 200, headers: {}, body: '' }
    },
    close() {},
  }
  const runtime = {
    clock: () => new Date(nowMs),
    monotonicMs: () => nowMs,
    wait: async (ms: number) => {
      nowMs += ms
    },
  }
  return {
    transport,
    runtime,
    written,
    elapsedMs: () => nowMs,
    total: () => written.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

const put = { method: 'PUT', url: new URL('https://localhost/'), headers: {} } as const

test('keeps all bodies together to the rate, in small pieces', async () => {
  const { transport, runtime, written, elapsedMs, total } = createNotingTransport()
  const limited = limitBandwidth(transport, () => 10_000, runtime)
  await limited.send({ ...put, body: Buffer.alloc(25_000) })
  await limited.send({ ...put, body: async (write) => write(Buffer.alloc(25_000)) })
  expect(total()).toBe(50_000)
  expect(Math.max(...written.map(({ bytes }) => bytes))).toBe(2500)
  for (const [index, { atMs }] of written.entries()) expect(atMs).toBe(index * 250)
  expect(elapsedMs()).toBe(4750)
})

test('follows a limit that changes or ends while a body is sent', async () => {
  const { transport, runtime, written, total } = createNotingTransport()
  const limited = limitBandwidth(transport, (now) => (now.getTime() < 1000 ? 4096 : undefined), runtime)
  await limited.send({ ...put, body: Buffer.alloc(100_000) })
  expect(total()).toBe(100_000)
  expect(written).toHaveLength(6)
  expect(written.at(-1)).toEqual({ atMs: 1000, bytes: 100_000 - 5 * 1024 })
})

test('leaves a body in one piece where there is no limit', async () => {
  const { transport, runtime, written } = createNotingTransport()
  await limitBandwidth(transport, () => undefined, runtime).send({ ...put, body: Buffer.alloc(100_000) })
  expect(written).toEqual([{ atMs: 0, bytes: 100_000 }])
})
