import { createHash, createHmac } from 'node:crypto'
import { PutObjectCommand, type PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'

interface PresignerOptions {
  readonly region: string
  readonly endpoint: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken: string
  }
}

/** SHA-256 as the SDK's signer asks for it, on Node's own. */
class Sha256 {
  readonly #digester
  constructor(secret?: unknown) {
    this.#digester = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer)
  }
  update(data: string | Uint8Array): void {
    this.#digester.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#digester.digest()
  }
}

/**
 * Presigns a PutObject as @aws-sdk/s3-request-presigner does: the command goes through the client's middleware, and where
 * it would be signed and sent, the SDK's signer presigns it.
 */
export function createSdkPresigner({ region, endpoint, credentials }: PresignerOptions) {
  const s3 = new S3Client({ region, endpoint, credentials, requestChecksumCalculation: 'WHEN_REQUIRED' })
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: Sha256 as never,
    uriEscapePath: false,
    applyChecksum: false,
  })
  const stack = s3.middlewareStack.clone()
  stack.addRelativeTo(
    () => async (args: { request?: unknown }) => {
      const request = HttpRequest.clone(args.request as HttpRequest)
      for (const name of ['amz-sdk-invocation-id', 'amz-sdk-request', 'user-agent', 'x-amz-user-agent']) {
        delete request.headers[name]
      }
      const presigned = await signer.presign(request, { expiresIn: 900 })
      return { response: {}, output: { $metadata: {}, presigned } as never }
    },
    { name: 'presign', relation: 'before', toMiddleware: 'httpSigningMiddleware', override: true },
  )
  return async (input: PutObjectCommandInput): Promise<HttpRequest> => {
    const command = new PutObjectCommand(input)
    const { output } = await command.resolveMiddleware(stack as never, s3.config, {})({ input })
    return (output as unknown as { presigned: HttpRequest }).presigned
  }
}
