import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509'
import { expect, test } from 'vitest'
import { parseCsr } from './parse-csr.ts'

const p256 = { name: 'ECDSA', namedCurve: 'P-256' }

async function makeCsr(
  commonNames: string[],
  algorithm: EcKeyGenParams | RsaHashedKeyGenParams = p256,
): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: commonNames.map((name) => ({ CN: [name] })),
    keys,
    signingAlgorithm: { ...algorithm, hash: 'SHA-256' },
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'other-thing' }])],
  })
  return csr.toString('pem')
}

const rsa = (modulusLength: number) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
})

type EcKeyGenParams = typeof p256
type RsaHashedKeyGenParams = ReturnType<typeof rsa>

test.each([
  ['EC P-256', p256],
  ['EC P-384', { name: 'ECDSA', namedCurve: 'P-384' }],
  ['RSA 2048', rsa(2048)],
])('a CSR with an %s key names its thing', async (_kind, algorithm) => {
  expect(await parseCsr(await makeCsr(['press-7'], algorithm))).toMatchObject({ thingName: 'press-7' })
})

test('RSA 1024 is too weak', async () => {
  await expect(makeCsr(['press-7'], rsa(1024)).then(parseCsr)).rejects.toMatchObject({ code: 'CSR_KEY_WEAK' })
})

test.each([[[]], [['press-7', 'press-8']]])('the common names %j are refused', async (names) => {
  await expect(makeCsr(names).then(parseCsr)).rejects.toMatchObject({ code: 'CSR_MALFORMED' })
})

test.each(['a/b', 'a+b', 'a#1', 'a\nb', '*', 'x'.repeat(129), ' press-7'])('%j is no thing name', async (name) => {
  await expect(makeCsr([name]).then(parseCsr)).rejects.toMatchObject({ code: 'THING_NAME_INVALID' })
})

test('a changed byte breaks the signature', async () => {
  const der = Buffer.from((await makeCsr(['press-7'])).replace(/-----.*-----|\s/g, ''), 'base64')
  der.write('press-8', der.indexOf('press-7'))
  const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  await expect(parseCsr(pem)).rejects.toMatchObject({ code: 'CSR_SIGNATURE_INVALID' })
})

test.each([
  'hello',
  '-----BEGIN CERTIFICATE REQUEST-----\naGVsbG8=\n-----END CERTIFICATE REQUEST-----',
  '-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----',
])('%j is no CSR', async (text) => {
  await expect(parseCsr(text)).rejects.toMatchObject({ code: 'CSR_MALFORMED' })
})
