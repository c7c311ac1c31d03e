import { HttpRequest } from '@smithy/protocol-http'
import { createSigner } from '#local/gateway/sigv4/signer-fixture.ts'

export interface PutTarget {
  readonly port: number
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface Put {
  readonly path: string
  readonly bytes: number
  /** Hex SHA-256, or UNSIGNED-PAYLOAD. */
  readonly payloadHash: string
}

/** The head of PutObject as it goes over the wire, signed with the SDK's own code. */
export async function signPut(
  { port, region, credentials }: PutTarget,
  { path, bytes, payloadHash }: Put,
): Promise<string> {
  const signer = createSigner({ service: 's3', region, credentials })
  const headers = { host: `127.0.0.1:${port}`, 'content-length': String(bytes), 'x-amz-content-sha256': payloadHash }
  const request = new HttpRequest({ method: 'PUT', protocol: 'http:', hostname: '127.0.0.1', port, path, headers })
  const signed = await signer.sign(request)
  const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`)
  return `PUT ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}
