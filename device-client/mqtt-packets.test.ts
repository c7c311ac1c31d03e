import fc from 'fast-check'
import mqtt, { type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { createPacketReader, encodeConnect, encodePacket, type MqttPacket, packetTypes } from './mqtt-packets.ts'

test('writes what an MQTT library reads', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9:_-]{1,128}$/), fc.integer({ min: 0, max: 65_535 }), (id, keepalive) => {
      const packets: Packet[] = []
      const parser = mqtt.parser({ protocolVersion: 4 })
      parser.on('packet', (packet) => packets.push(packet))
      parser.parse(encodeConnect(id, keepalive))
      parser.parse(encodePacket(packetTypes.pingreq))
      parser.parse(encodePacket(packetTypes.disconnect))
      expect(packets).toMatchObject([
        { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: id, keepalive },
        { cmd: 'pingreq' },
        { cmd: 'disconnect' },
      ])
    }),
  )
})

test('reads what an MQTT library writes, wherever its chunks end', () => {
  const payload = fc.uint8Array({ maxLength: 20_000 })
  fc.assert(
    fc.property(fc.array(payload, { maxLength: 4 }), fc.integer({ min: 1, max: 5000 }), (payloads, size) => {
      const stream = Buffer.concat([
        mqtt.generate({ cmd: 'connack', returnCode: 5, sessionPresent: false }),
        ...payloads.map((bytes) =>
          mqtt.generate({ cmd: 'publish', topic: 't', payload: Buffer.from(bytes), qos: 0, dup: false, retain: false }),
        ),
        mqtt.generate({ cmd: 'pingresp' }),
      ])
      const packets: MqttPacket[] = []
      const read = createPacketReader((packet) => packets.push(packet))
      for (let at = 0; at < stream.length; at += size) read(stream.subarray(at, at + size))
      expect(packets.map(({ type }) => type)).toEqual([2, ...payloads.map(() => 3), 13])
      expect([...(packets[0]?.body ?? [])]).toEqual([0, 5])
      const bodies = packets.slice(1, -1).map(({ body }) => [...body.subarray(3)])
      expect(bodies).toEqual(payloads.map((bytes) => [...bytes]))
    }),
  )
})

test.each([
  'HTTP/1.1 400 Bad Request',
  'SSH-2.0-OpenSSH',
  '\0',
  '\xf0\0',
  '\x20\xff\xff\xff\xff\x01',
  '\x30\xff\xff\xff\x7f',
])('throws at %j, which is no MQTT', (text) => {
  const read = createPacketReader(() => {})
  expect(() => read(Buffer.from(text, 'latin1'))).toThrow('packet')
})
