import { hash } from 'node:crypto'
import { HttpRequest } from '@smithy/protocol-http'
import { parseSignature } from '#local/gateway/sigv4/parse-signature.ts'
import { readRequestHead } from '#local/gateway/sigv4/request-head.ts'
import { createSigner } from '#local/gateway/sigv4/signer-fixture.ts'
import { createSignatureVerifier } from '#local/gateway/sigv4/verify-signature.ts'
import { printTable, type Row } from './harness/print-table.ts'
import { timeCall } from './harness/time-call.ts'

const goalMicroseconds = 100
const region = 'us-east-1'
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const caller = { kind: 'user', arn: 'arn:aws:iam::1:user/u', accountId: '1', userId: 'AIDA', context: {} } as const
const { secretAccessKey } = credentials
const verifier = createSignatureVerifier({
  region,
  clock: () => new Date(),
  credentials: { find: () => ({ secretAccessKey, caller }) },
})
const signer = createSigner({ service: 's3', region, credentials })
const payloadHash = hash('sha256', '')
const request = new HttpRequest({
  method: 'PUT',
  protocol: 'http:',
  hostname: '127.0.0.1',
  path: '/uploads/things/press-1/2026/readings.csv',
  query: { 'x-id': 'PutObject' },
  headers: {
    host: '127.0.0.1:8470',
    'content-type': 'text/csv',
    'content-length': '4096',
    'x-amz-content-sha256': payloadHash,
    'x-amz-sdk-checksum-algorithm': 'CRC32',
    'x-amz-checksum-crc32': 'AAAAAA==',
    'amz-sdk-invocation-id': '8d1cd6e0-2a3c-4ec4-9c5e-7c1f6a3b9d10',
    'user-agent': 'aws-sdk-js/3 ua/2.1 os/linux lang/js md/nodejs#24 api/s3#3',
  },
})

/** All of what the gateway does about a signature: reads the head as it came, takes the signature apart, signs again and compares. */
function check(sent: Awaited<ReturnType<typeof signer.sign>>, hashOfPayload: string) {
  const query = Object.entries(sent.query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  const url = `${sent.path}?${query.join('&')}`
  const message = { method: sent.method, url, rawHeaders: Object.entries(sent.headers).flat() }
  return () => {
    const head = readRequestHead(message)
    const signature = parseSignature(head)
    if (!signature) throw new Error('the request is not signed')
    return verifier.verify(head, signature, hashOfPayload)
  }
}

const cases = [
  { what: 'in the Authorization header', verify: check(await signer.sign(request), payloadHash) },
  { what: 'presigned URL', verify: check(await signer.presign(request), payloadHash) },
]
printTable(
  "SigV4: one signature of an SDK's PutObject, keys known",
  cases.map(({ what, verify }): Row => {
    const taken = timeCall(verify)
    const goal = { text: `< ${goalMicroseconds} µs`, isMet: taken < goalMicroseconds }
    return { what, ours: `${taken.toFixed(1)} µs`, goal }
  }),
)
