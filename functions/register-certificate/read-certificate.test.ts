import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Extension, type JsonName, X509CertificateGenerator } from '@peculiar/x509'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { registrationRulesSchema, subjectFields } from '#contract/registration-rules.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import { readCertificate } from './read-certificate.ts'

const now = new Date('2026-05-01T12:00:00.000Z')
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

interface Content {
  readonly name: JsonName
  readonly extensions?: readonly Extension[]
  readonly notAfter?: Date
  readonly signer?: webcrypto.CryptoKeyPair
}

async function makePem({ name, extensions = [], notAfter = new Date('2027-01-01'), signer = keys }: Content) {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name,
    keys: signer,
    signingAlgorithm: signer === keys ? algorithm : { name: 'RSASSA-PKCS1-v1_5' },
    serialNumber: '4f00',
    notBefore: new Date('2026-01-01'),
    notAfter,
    extensions: [...extensions],
  })
  return certificate.toString('pem')
}

async function read(content: Content, rules: object = {}) {
  const certificatePem = await makePem(content)
  return readCertificate(
    { certificateId: 'a'.repeat(64), certificatePem, caCertificateId: 'c'.repeat(64) },
    registrationRulesSchema.parse(rules),
    now,
  )
}

test('the subject says what the rules read in it', async () => {
  const name = [{ CN: ['m-1'] }, { OU: ['camera'] }, { O: ['north'] }, { L: ['Turin'] }]
  const { entry, flaw } = await read(
    { name },
    { subject: { thingTypeName: 'OU', thingGroupName: 'O', attributes: { site: 'L', country: 'C' } } },
  )
  expect(flaw).toBeUndefined()
  expect(entry).toMatchObject({
    thingName: 'm-1',
    thingTypeName: 'camera',
    thingGroupName: 'north',
    attributes: { site: 'Turin' },
    serialNumber: '4f00',
    origin: 'device',
    notAfter: '2027-01-01T00:00:00.000Z',
  })
})

test('flaws are named', async () => {
  const rsa = await webcrypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  )
  const cases: [Content, string][] = [
    [{ name: [{ CN: ['m-1'] }], signer: rsa }, 'CERTIFICATE_KEY_WEAK'],
    [{ name: [{ CN: ['m-1'] }], notAfter: new Date('2026-04-30') }, 'CERTIFICATE_EXPIRED'],
    [{ name: [{ CN: ['m 1'] }] }, 'THING_NAME_INVALID'],
    [{ name: [{ CN: ['m-1'] }, { CN: ['m-2'] }] }, 'THING_NAME_INVALID'],
    [{ name: [{ O: ['m-1'] }] }, 'THING_NAME_INVALID'],
  ]
  for (const [content, flaw] of cases) expect(await read(content)).toMatchObject({ flaw })
})

test('nothing of a subject or an extension comes through that a name may not have', async () => {
  const field = fc.constantFrom(...subjectFields.filter((name) => name !== 'serialNumber'))
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
    fc.constantFrom(
      '../x',
      'a/b',
      `\${iot:ClientId}`,
      'a*',
      'a\nb',
      'a\u0000b',
      '{"a":1}',
      'a,CN=b',
      '\u001b[31m',
      'ok-1',
    ),
  )
  const extension = fc.uint8Array({ maxLength: 60 }).map((bytes) => new Extension('1.3.6.1.4.1.99999.1', false, bytes))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(field, text), { minLength: 1, maxLength: 6 }),
      fc.option(extension, { nil: undefined }),
      async (fields, one) => {
        const name = fields.map(([key, value]) => ({ [key]: [value] }))
        const rules = {
          subject: {
            thingName: fields[0]?.[0],
            thingTypeName: 'OU',
            thingGroupName: 'O',
            attributes: { site: 'L', area: 'ST' },
          },
        }
        const { entry, flaw } = await read({ name, extensions: one ? [one] : [] }, rules)
        if (entry.thingName === undefined) expect(flaw).toBeDefined()
        for (const value of [entry.thingName, entry.thingTypeName, entry.thingGroupName]) {
          if (value !== undefined) expect(value).toMatch(thingNamePattern)
        }
        for (const value of Object.values(entry.attributes)) expect(value).toMatch(/^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/)
        const printable = JSON.stringify({ ...entry, attributes: {} })
        expect(printable).toMatch(/^[\x20-\x7e]+$/)
      },
    ),
    { numRuns: 150 },
  )
})
