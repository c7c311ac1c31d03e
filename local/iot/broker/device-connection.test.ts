import { X509Certificate } from 'node:crypto'
import type { ConnectPacket } from 'aedes'
import { expect, test } from 'vitest'
import { createTestAuthority } from '../testing/certificates.ts'
import { createDeviceConnection } from './device-connection.ts'

test.each([
  ['none', 0, 1200],
  ['too short', 5, 30],
  ['too long', 65_535, 1200],
  ['fair', 300, 300],
])('a keep alive that is %s is brought into the bounds of AWS IoT', async (_, asked, given) => {
  const connection = createDeviceConnection({
    certificate: new X509Certificate((await createTestAuthority('CA')).pem),
    certificateId: 'c',
    sourceIp: '127.0.0.1',
    serverName: 'localhost',
    authorize: () => ({ isAllowed: () => true }),
    arnPrefix: 'arn:aws:iot:eu-west-1:123456789012',
  })
  const packet: ConnectPacket = { cmd: 'connect', clientId: 'c', keepalive: asked, clean: true }
  expect(connection.refuseConnect(packet)).toBeUndefined()
  expect(packet.keepalive).toBe(given)
})
