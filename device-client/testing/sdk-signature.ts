import { createHash, createHmac } from 'node:crypto'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import type { createSigner, SignRequest } from '#contract/sigv4.ts'

type SourceData = string | ArrayBuffer | ArrayBufferView

/** The hash that the AWS SDK's signer asks for, on node:crypto's own HMAC. */
class Sha256 {
  private readonly digester
  constructor(secret?: SourceData) {
    this.digester = secret === undefined ? createHash('sha256') : createHmac('sha256', toBytes(secret))
  }
  update(data: SourceData): void {
    this.digester.update(toBytes(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.digester.digest()
  }
}

function toBytes(data: SourceData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

/** The authorization header that the AWS SDK's signer gives a request, other than createSigner. */
export async function signAsSdk(
  service: Parameters<typeof createSigner>[0],
  region: string,
  { payloadHash, query = {}, ...request }: Parameters<SignRequest>[0],
  credentials: Parameters<SignRequest>[1],
  date: Date,
): Promise<string | undefined> {
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, uriEscapePath: service !== 's3' })
  const headers = { ...request.headers, 'x-amz-content-sha256': payloadHash }
  const hostname = request.headers.host ?? ''
  const signed = await signer.sign(new HttpRequest({ ...request, query, hostname, headers }), { signingDate: date })
  return signed.headers.authorization
}
