import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSigner, encodeUri, formatQuery } from '#contract/sigv4.ts'
import { signAsSdk } from './testing/sdk-signature.ts'

const printable = fc.string({ unit: fc.constantFrom(...'abcXYZ019 \t=,;:/+-_.~!*()\'"&%'), maxLength: 40 })
/** The SDK's signer loses a parameter that is named as the prototype is. */
const parameterName = fc.string({ minLength: 1, maxLength: 10 }).filter((name) => name !== '__proto__')
/** Dots alone are resolved by URL before anything is signed. */
const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !/^\.{1,2}$/.test(text))
const headerName = fc.stringMatching(/^x-[a-z][a-z0-9-]{0,20}$/)

test('signs as the AWS SDK does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        service: fc.constantFrom('s3' as const, 'execute-api' as const),
        region: fc.constantFrom('us-east-1', 'eu-central-1'),
        method: fc.constantFrom('GET', 'PUT', 'POST'),
        segments: fc.array(segment, { minLength: 1, maxLength: 4 }),
        query: fc.dictionary(parameterName, fc.string({ maxLength: 20 })),
        headers: fc.dictionary(headerName, printable),
        secretAccessKey: fc.string({ minLength: 1, maxLength: 100 }),
        sessionToken: fc.stringMatching(/^[A-Za-z0-9+/=]{1,80}$/),
        date: fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
      }),
      async ({ service, region, method, segments, query, headers, secretAccessKey, sessionToken, date }) => {
        const path = `/${segments.map(encodeUri).join('/')}`
        const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey, sessionToken }
        const payloadHash = 'UNSIGNED-PAYLOAD'
        const request = { method, path, query, headers: { ...headers, host: 'example.com' } }
        const theirs = await signAsSdk(service, region, { ...request, payloadHash }, credentials, date)
        const ours = createSigner(service, region)({ ...request, payloadHash }, credentials, date)
        expect(ours.authorization).toBe(theirs)
      },
    ),
    { numRuns: 300 },
  )
})

test('keeps no key over a change of day or secret', () => {
  const sign = createSigner('s3', 'us-east-1')
  const request = { method: 'PUT', path: '/', headers: { host: 'h' }, payloadHash: 'UNSIGNED-PAYLOAD' }
  const signature = (signer: typeof sign, secretAccessKey: string, day: string) =>
    signer(request, { accessKeyId: 'A', secretAccessKey, sessionToken: 'T' }, new Date(day)).authorization
  for (const [secret, day] of [
    ['one', '2024-05-01'],
    ['one', '2024-05-02'],
    ['two', '2024-05-02'],
    ['one', '2024-05-01'],
  ] as const) {
    expect(signature(sign, secret, day)).toBe(signature(createSigner('s3', 'us-east-1'), secret, day))
  }
})

test('orders a query by name, not by name and value', () => {
  expect(formatQuery({ 'a-b': '1', a: "it's (2)*" })).toBe('a=it%27s%20%282%29%2A&a-b=1')
})
