import 'reflect-metadata'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCertificateRequest } from './certificate-request.ts'
import { encodeDer } from './der.ts'

test('makes a request that an X.509 library reads back and verifies, for any thing name', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[a-zA-Z0-9:_-]{1,128}$/), async (thingName) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const request = new Pkcs10CertificateRequest(createCertificateRequest(thingName, privateKey))
      expect(request.subjectName.toJSON()).toEqual([{ CN: [thingName] }])
      expect(await request.verify()).toBe(true)
      const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
      expect(Buffer.from(request.publicKey.rawData)).toEqual(spki)
    }),
    { numRuns: 50 },
  )
})

test.each([
  [0, '3000'],
  [127, '307f'],
  [128, '308180'],
  [255, '3081ff'],
  [256, '30820100'],
  [65_536, '3083010000'],
])('writes the length %d as short as DER demands', (length, head) => {
  const der = encodeDer(0x30, Buffer.alloc(length))
  expect(der.subarray(0, der.length - length).toString('hex')).toBe(head)
})
