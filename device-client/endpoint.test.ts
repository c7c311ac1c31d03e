import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceFault } from './device-fault.ts'
import { parseEndpoint } from './endpoint.ts'

test.each([
  ['a1-ats.iot.eu-west-1.amazonaws.com', { host: 'a1-ats.iot.eu-west-1.amazonaws.com', port: 8883 }],
  ['localhost:443', { host: 'localhost', port: 443 }],
  ['localhost:18883', { host: 'localhost', port: 18883 }],
])('reads %s', (text, { host, port }) => {
  expect(parseEndpoint(text, 8883)).toEqual({ host, port, servername: host })
})

test.each(['127.0.0.1:8883', '[::1]:8883'])('asks TLS for no name when %s is an address', (text) => {
  expect(parseEndpoint(text, 1)).toMatchObject({ port: 8883, servername: undefined })
})

test.each(['', ':1', 'host:', 'host:99999', 'host/path', 'user@host', 'https://host', 'a b'])('refuses %j', (text) => {
  expect(() => parseEndpoint(text, 8883)).toThrow(DeviceFault)
})

test('any text is an endpoint or a DeviceFault', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab1.:[]@/?#%\\ \0é') }), (text) => {
      try {
        const { host, port } = parseEndpoint(text, 8883)
        expect(host).not.toBe('')
        expect(port).toBeGreaterThanOrEqual(0)
      } catch (error) {
        expect(error).toBeInstanceOf(DeviceFault)
      }
    }),
  )
})
