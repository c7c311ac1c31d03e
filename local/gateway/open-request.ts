import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { AwsError, type Caller, type HttpRequest } from '#local/service.ts'
import type { CredentialLookup } from './credential-lookup.ts'
import { collectPayload } from './payload/collect-payload.ts'
import { planPayload, readPayloadHash } from './payload/payload-plan.ts'
import { createPayloadStream } from './payload/payload-stream.ts'
import type { Signature } from './sigv4/parse-signature.ts'
import type { RequestHead } from './sigv4/request-head.ts'
import { createSignatureVerifier } from './sigv4/verify-signature.ts'

/** Every service but S3 has requests that fit in memory; Lambda's 6 MB payload is the largest. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024

const anonymous: Caller = { kind: 'anonymous', arn: '*', accountId: 'anonymous', userId: 'anonymous', context: {} }

export interface Arrival {
  readonly request: IncomingMessage
  readonly head: RequestHead
  readonly signature: Signature | undefined
  /** Called when the payload is wanted: the client may be waiting for `100 Continue`. */
  readonly onStart: () => void
}

export interface OpenedRequest {
  readonly httpRequest: HttpRequest
  readonly caller: Caller
}

/** Checks who sent a request and makes its payload readable. */
export function createRequestOpener(options: { credentials: CredentialLookup; region: string; clock: () => Date }): {
  openS3(arrival: Arrival): OpenedRequest
  openBuffered(arrival: Arrival): Promise<OpenedRequest>
} {
  const verifier = createSignatureVerifier(options)
  return {
    /** S3's payload streams through its check while the service reads it. Anonymous requests are S3's alone. */
    openS3({ request, head, signature, onStart }) {
      const payloadHash = readPayloadHash(head, signature)
      const signed = signature && { ...verifier.verify(head, signature, payloadHash), signature }
      const { reader, ...payload } = planPayload(head, payloadHash, signed)
      const body = createPayloadStream(request, reader, onStart)
      return {
        httpRequest: { ...describe(request, head, signature), ...payload, body },
        caller: signed?.caller ?? anonymous,
      }
    },
    /** Other services' clients sign the hash of the payload and needn't send it, so the payload comes first. */
    async openBuffered({ request, head, signature, onStart }) {
      if (!signature) throw new AwsError('MissingAuthenticationToken', 'Missing Authentication Token', 403)
      const payload = await collectPayload(request, MAX_BUFFERED_BYTES, onStart)
      const { caller } = verifier.verify(head, signature, hash('sha256', payload))
      const body = Readable.from(payload.length > 0 ? [payload] : [])
      return {
        httpRequest: { ...describe(request, head, signature), body, trailers: {}, payloadSignature: 'hash' },
        caller,
      }
    },
  }
}

function describe(request: IncomingMessage, head: RequestHead, signature: Signature | undefined) {
  return {
    method: head.method,
    rawPath: head.rawPath,
    query: new URLSearchParams(head.rawQuery),
    headers: request.headers,
    presigned: signature?.place === 'query',
  }
}
