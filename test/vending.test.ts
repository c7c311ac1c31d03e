import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { DynamoDBClient, GetItemCommand, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { Pkcs10CertificateRequestGenerator, X509Certificate } from '@peculiar/x509'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseClaimUrl } from '#contract/claim.ts'
import { problemSchema } from '#contract/problem.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'

const p256 = { name: 'ECDSA', namedCurve: 'P-256' }

let cloud: TestCloud
let table: DynamoDBClient
beforeAll(async () => {
  cloud = await startTestCloud()
  table = new DynamoDBClient(cloud.client())
})
afterAll(() => cloud?.close())

async function makeCsr(thingName: string, algorithm: typeof p256 | ReturnType<typeof rsa> = p256): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [thingName] }],
    keys,
    signingAlgorithm: { ...algorithm, hash: 'SHA-256' },
  })
  return csr.toString('pem')
}

function rsa(modulusLength: number) {
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: new Uint8Array([1, 0, 1]) }
}

async function createClaim(thingName: string): Promise<string> {
  const { claimUrl } = await cloud.operator.claims.create({ thingName })
  return parseClaimUrl(claimUrl).claim
}

interface Answer {
  readonly status: number
  readonly contentType: string | null
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what came
  readonly body: any
}

async function vend(body: unknown): Promise<Answer> {
  const response = await fetch(`${cloud.output('ApiUrl')}/v1/certificates`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    body: await response.json(),
  }
}

/** Certificates that the ledger holds: each that was signed and came out. */
async function countCertificates(): Promise<number> {
  const { Items = [] } = await table.send(new ScanCommand({ TableName: cloud.output('LedgerTable') }))
  return Items.filter((item) => item.pk?.S?.startsWith('certificate#')).length
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, contentType: 'application/problem+json' })
  expect(problemSchema.parse(answer.body)).toMatchObject({ status, code })
}

test('a claim and a CSR give a certificate of the fleet CA for that thing and key', async () => {
  const csr = await makeCsr('press-1')
  const { status, body } = await vend({ claim: await createClaim('press-1'), csr })
  expect(status).toBe(201)
  const certificate = new X509Certificate(body.certificatePem)
  const ca = new X509Certificate(body.chainPem)
  expect(certificate.subjectName.getField('CN')).toEqual(['press-1'])
  expect(await certificate.verify({ publicKey: await ca.publicKey.export() })).toBe(true)
  expect(body.device).toMatchObject({ thingName: 'press-1', bucket: cloud.output('BucketName') })
})

test('the same claim and key get the same certificate again, another key is refused', async () => {
  const claim = await createClaim('press-2')
  const csr = await makeCsr('press-2')
  const first = await vend({ claim, csr })
  expect((await vend({ claim, csr })).body).toEqual(first.body)
  const answer = await vend({ claim, csr: await makeCsr('press-2') })
  expectProblem(answer, 409, 'CLAIM_USED')
  expect(answer.body.hint).toContain('thingdrop claims create')
})

test('50 parallel uses of one claim issue exactly one certificate', async () => {
  const before = await countCertificates()
  const claim = await createClaim('press-3')
  const csrs = await Promise.all(Array.from({ length: 50 }, () => makeCsr('press-3')))
  const answers = await Promise.all(csrs.map((csr) => vend({ claim, csr })))
  const issued = answers.filter(({ status }) => status === 201)
  expect(issued).toHaveLength(1)
  for (const answer of answers)
    if (answer.status !== 201) expect(['CLAIM_USED', 'CLAIM_IN_USE']).toContain(answer.body.code)
  expect(await countCertificates()).toBe(before + 1)
}, 60_000)

test('a claim that is unknown, wrong or malformed is refused with one and the same answer', async () => {
  const csr = await makeCsr('press-4')
  const claim = await createClaim('press-4')
  const wrongSecret = `${claim.slice(0, -1)}${claim.endsWith('0') ? '1' : '0'}`
  for (const bad of [wrongSecret, `tdc_${'0'.repeat(16)}_${'0'.repeat(64)}`, 'tdc_', "' OR 1=1"]) {
    expectProblem(await vend({ claim: bad, csr }), 401, 'CLAIM_UNKNOWN')
  }
  expect((await vend({ claim, csr })).status, 'the claim itself is unharmed').toBe(201)
})

test('an expired claim is refused', async () => {
  const claim = await createClaim('press-5')
  await table.send(
    new UpdateItemCommand({
      TableName: cloud.output('LedgerTable'),
      Key: { pk: { S: `claim#${claim.split('_')[1]}` } },
      UpdateExpression: 'SET expiresAt = :past',
      ExpressionAttributeValues: { ':past': { S: '2020-01-01T00:00:00.000Z' } },
    }),
  )
  expectProblem(await vend({ claim, csr: await makeCsr('press-5') }), 403, 'CLAIM_EXPIRED')
})

test('a bad CSR is refused, nothing is signed, and the claim stays good', async () => {
  const before = await countCertificates()
  const claim = await createClaim('press-6')
  const good = await makeCsr('press-6')
  const tampered = tamper(good, 'press-6', 'press-7')
  const cases: [csr: string, status: number, code: string][] = [
    ['hello', 400, 'CSR_MALFORMED'],
    [await makeCsr('press-6', rsa(1024)), 400, 'CSR_KEY_WEAK'],
    [await makeCsr('press/6'), 400, 'THING_NAME_INVALID'],
    [await makeCsr('press-7'), 403, 'CSR_THING_MISMATCH'],
    [tampered, 400, 'CSR_SIGNATURE_INVALID'],
  ]
  for (const [csr, status, code] of cases) expectProblem(await vend({ claim, csr }), status, code)
  expect(await countCertificates()).toBe(before)
  const { Item } = await table.send(
    new GetItemCommand({ TableName: cloud.output('LedgerTable'), Key: { pk: { S: `claim#${claim.split('_')[1]}` } } }),
  )
  expect(Item).not.toHaveProperty('reservedBy')
  expect((await vend({ claim, csr: good })).status).toBe(201)
})

test.each([
  ['no JSON', '{'],
  ['a list', []],
  ['no CSR', { claim: 'x' }],
  ['a member too many', { claim: 'x', csr: 'y', thingName: 'press-1' }],
  ['a huge CSR', { claim: 'x', csr: 'y'.repeat(9000) }],
])('a request with %s is refused', async (_what, body) => {
  expectProblem(await vend(body), 400, 'REQUEST_INVALID')
})

test('an operator cannot make a second claim for a thing by a bad name', async () => {
  await expect(cloud.operator.claims.create({ thingName: '../press' })).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  })
})

function tamper(pem: string, from: string, to: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  der.write(to, der.indexOf(from))
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
}
