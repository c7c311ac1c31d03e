import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TestRequest } from '../test-api.ts'
import { makeFolder, runCommand, startCliApi } from '../test-cli.ts'
import { createTestIssuer } from '../test-issuer.ts'

const [signing, old, foreign] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string]
const time = '2026-03-01T00:00:00.000Z'
const cas = [
  { caCertificateId: signing, kind: 'fleet', state: 'signing' },
  { caCertificateId: old, kind: 'fleet', state: 'active' },
  { caCertificateId: foreign, kind: 'foreign', state: 'active' },
  { caCertificateId: 'd'.repeat(64), kind: 'fleet', state: 'retired' },
].map((ca) => ({ ...ca, subject: 'CN=Fleet', notAfter: time, createdAt: time }))

/** CAs, of which each of `pages` stands on the one that is asked for. */
function answerDrain(pages: readonly object[]) {
  const left = [...pages]
  return ({ path }: TestRequest) => ({
    status: 200,
    body: path === '/v1/ca-certificates' ? { caCertificates: cas } : (left.shift() ?? { standing: [] }),
  })
}

test('list', async () => {
  const { env } = await startCliApi(() => ({ status: 200, body: { caCertificates: cas } }))
  const { stdout } = await runCommand(['ca', 'list'], env)
  const lines = stdout.split('\n').map((line) => line.split(/ {2,}/))
  expect(lines.slice(0, 2)).toEqual([
    ['KIND', 'STATE', 'SUBJECT', 'ENDS', 'CA'],
    ['fleet', 'signing', 'CN=Fleet', '2026-03-01T00:00:00Z', signing],
  ])
  expect(JSON.parse((await runCommand(['ca', 'list', '--output', 'json'], env)).stdout)).toEqual({
    caCertificates: cas,
  })
})

test('register sends the certificates of the files, and no key that stands beside them', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 201, body: cas[2] }))
  const { chainPem } = await createTestIssuer()
  const folder = await makeFolder()
  const file = join(folder, 'ca.pem')
  await writeFile(file, `-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n${chainPem}\n`)
  const { stdout, code } = await runCommand(['ca', 'register', '--cert', file, '--verification-cert', file], env)
  expect(stdout).toContain(`caCertificateId  ${foreign}\nkind             foreign\n`)
  expect(code).toBe(0)
  const { certificatePem, verificationCertificatePem } = JSON.parse(requests[0]?.body ?? '')
  expect(certificatePem.trim()).toBe(chainPem.trim())
  expect(verificationCertificatePem).toBe(certificatePem)
  await runCommand(['ca', 'register', '--cert', file], env)
  expect(Object.keys(JSON.parse(requests[1]?.body ?? ''))).toEqual(['certificatePem'])

  await writeFile(file, 'no certificate')
  const wrong = await runCommand(['ca', 'register', '--cert', file], env)
  expect(wrong.stderr).toMatch(/^FILE_UNREADABLE: .*ca\.pem holds no certificate/)
  const missing = await runCommand(['ca', 'register', '--cert', join(folder, 'none.pem')], env)
  expect(missing.stderr).toMatch(/^FILE_UNREADABLE: .*none\.pem cannot be read: ENOENT/)
})

test('registration-code prints the code alone', async () => {
  const { env } = await startCliApi(() => ({ status: 200, body: { registrationCode: 'c0de' } }))
  expect(await runCommand(['ca', 'registration-code'], env)).toEqual({ stdout: 'c0de\n', stderr: '', code: 0 })
})

test('rotate and retire', async () => {
  const { env, requests } = await startCliApi(() => ({ status: 200, body: cas[0] }))
  expect((await runCommand(['ca', 'rotate', '--output', 'json'], env)).stdout).toBe(`${JSON.stringify(cas[0])}\n`)
  expect((await runCommand(['ca', 'retire', old, '--yes'], env)).code).toBe(0)
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/ca-certificates/rotate',
    `POST /v1/ca-certificates/${old}/retire`,
  ])
})

test('drain lists what stands on the replaced fleet CAs, page by page, and exits with 1', async () => {
  const press = { certificateId: 'e'.repeat(64), thingName: 'press-1' }
  const nameless = { certificateId: 'f'.repeat(64) }
  const pages = [{ standing: [press], cursor: 'x' }, { standing: [], cursor: 'y' }, { standing: [nameless] }]
  const { env, requests } = await startCliApi(answerDrain(pages))
  const { stdout, stderr, code } = await runCommand(['ca', 'drain', '--output', 'jsonl'], env)
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { caCertificateId: old, ...press },
    { caCertificateId: old, ...nameless },
  ])
  expect({ stderr, code }).toEqual({ stderr: '2 certificates stand on it\n', code: 1 })
  expect(requests.slice(1).map(({ path, query }) => [path, Object.fromEntries(query)])).toEqual([
    [`/v1/ca-certificates/${old}/things`, {}],
    [`/v1/ca-certificates/${old}/things`, { cursor: 'x' }],
    [`/v1/ca-certificates/${old}/things`, { cursor: 'y' }],
  ])
})

test('drain of a CA on which nothing stands says what comes next', async () => {
  const { env, requests } = await startCliApi(answerDrain([]))
  const { stderr, code } = await runCommand(['ca', 'drain', foreign], env)
  expect({ stderr, code }).toEqual({ stderr: `nothing stands any more: thingdrop ca retire ${foreign}\n`, code: 0 })
  expect(requests).toHaveLength(1)
  const none = await startCliApi(() => ({ status: 200, body: { caCertificates: cas.slice(0, 1) } }))
  const nothing = await runCommand(['ca', 'drain', '--output', 'json'], none.env)
  expect(JSON.parse(nothing.stdout)).toEqual({ standing: [] })
  expect(nothing.code).toBe(0)
})
