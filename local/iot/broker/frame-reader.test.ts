import fc from 'fast-check'
import { generate } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { admitPacket } from './admit-packet.ts'
import { createFrameReader } from './frame-reader.ts'

const packet = fc
  .record({ topic: fc.string({ minLength: 1 }), payload: fc.uint8Array({ maxLength: 300 }) })
  .map(({ topic, payload }) =>
    generate({ cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, dup: false, retain: false }),
  )

test('however a stream is cut, the packets that come out are those that went in', () => {
  fc.assert(
    fc.property(fc.array(packet), fc.array(fc.nat()), (packets, cuts) => {
      const stream = Buffer.concat(packets)
      const readFrames = createFrameReader(1000)
      const offsets = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
      const chunks = offsets.slice(1).map((end, index) => stream.subarray(offsets[index], end))
      expect(chunks.flatMap((chunk) => readFrames(chunk))).toEqual(packets)
    }),
  )
})

test('bytes of any kind give packets or an error, and never more than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => {
      const readFrames = createFrameReader(100)
      try {
        for (const frame of chunks.flatMap((chunk) => readFrames(Buffer.from(chunk)))) {
          expect(frame.length).toBeLessThanOrEqual(100)
          admitPacket(frame)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }),
  )
})

test('a SUBSCRIBE keeps its filters and loses QoS 2', () => {
  const filters = fc.array(fc.record({ topic: fc.string({ minLength: 1 }), qos: fc.constantFrom(0, 1, 2) }), {
    minLength: 1,
    maxLength: 8,
  })
  fc.assert(
    fc.property(filters, (subscriptions) => {
      const build = (most: number) =>
        generate({
          cmd: 'subscribe',
          messageId: 1,
          subscriptions: subscriptions.map(({ topic, qos }) => ({ topic, qos: Math.min(qos, most) as 0 | 1 | 2 })),
        })
      const frame = build(2)
      admitPacket(frame)
      expect(frame).toEqual(build(1))
    }),
  )
})
