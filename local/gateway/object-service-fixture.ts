import { type HttpService, notImplemented } from '#local/service.ts'
import { readBody } from './read-body.ts'
import { encodeXmlMember } from './xml.ts'

/** The least S3 there can be, for tests of what lies before it: keeps what is put, by path. */
export function createObjectService(objects = new Map<string, Buffer>()): HttpService {
  return {
    async handle(request, call) {
      call.authorize(
        request.method === 'GET' ? 's3:GetObject' : 's3:PutObject',
        `arn:aws:s3:::${request.rawPath.slice(1)}`,
      )
      switch (request.method) {
        case 'PUT':
          objects.set(request.rawPath, await readBody(request))
          return {
            status: 200,
            headers: { etag: '"1"', 'x-payload-signature': request.payloadSignature, ...request.trailers },
          }
        case 'GET':
          return { status: 200, body: objects.get(request.rawPath) ?? '' }
        case 'DELETE':
          throw new TypeError('a secret that no client may see')
        default:
          throw notImplemented(request.method)
      }
    },
    encodeError: ({ code, message, status, members }, requestId) => ({
      status,
      headers: { 'content-type': 'application/xml' },
      body: encodeXmlMember('Error', { Code: code, Message: message, ...members, RequestId: requestId }),
    }),
  }
}
