import type { CredentialLookup } from '#local/gateway/credential-lookup.ts'
import type { Authorizer, AwsError, Call, HttpRequest, HttpResponse, HttpService, Operations } from '#local/service.ts'
import { withRequestContext } from './authorize.ts'
import { bucketOperations } from './bucket/bucket-operations.ts'
import { bucketPolicyOperations } from './bucket/bucket-policy.ts'
import { configurationOperations } from './bucket/configuration-operations.ts'
import { createPostObject } from './form/post-object.ts'
import { hostId } from './host-id.ts'
import { refuseUnsupportedHeaders } from './object/refuse-unsupported.ts'
import { createRoutes } from './routes.ts'
import { S3Error, s3Error } from './s3-error.ts'
import { parseS3Request, type S3Request } from './s3-request.ts'
import { openS3State, type S3StateOptions } from './s3-state.ts'
import { writeErrorXml } from './xml/write-xml.ts'

export interface S3Options extends S3StateOptions {
  /** For browser form uploads, whose signature stands in the form: the gateway cannot check it. */
  readonly credentials: CredentialLookup
  readonly authorizer: Authorizer
}

export interface S3 {
  readonly service: HttpService
  /** What a deployer needs: buckets and their configurations. */
  readonly operations: Operations
  /** Goes on delivering the events that were waiting when the last process ended. */
  start(): void
  close(): Promise<void>
}

/** S3 on a folder and SQLite. Opening it removes what a crash left half written. */
export function createS3(options: S3Options): S3 {
  const s3 = openS3State(options)
  const operations = { ...bucketOperations(s3), ...bucketPolicyOperations(s3), ...configurationOperations(s3) }
  const findHandler = createRoutes(operations)
  const postObject = createPostObject(options)

  async function answer(request: S3Request, call: Call): Promise<HttpResponse> {
    assertOwner(request, options.accountId)
    refuseUnsupportedHeaders(request.headers)
    const handler = isForm(request) ? postObject : findHandler(request)
    return handler(s3, request, withRequestContext(call, request, options.accountId, options.clock()))
  }

  return {
    operations,
    service: {
      async handle(http: HttpRequest, call: Call): Promise<HttpResponse> {
        const { status, headers, body } = await answer(parseS3Request(http), call)
        const isXml = typeof body === 'string' && headers?.['content-type'] === undefined
        const common = {
          'x-amz-request-id': call.requestId,
          'x-amz-id-2': hostId,
          ...(isXml ? { 'content-type': 'application/xml' } : {}),
        }
        return { status, headers: { ...common, ...headers }, ...(body === undefined ? {} : { body }) }
      },
      encodeError,
    },
    start: () => s3.outbox.deliver(),
    async close() {
      await s3.outbox.close()
      await s3.files.close()
      s3.store.close()
    },
  }
}

function encodeError(error: AwsError, requestId: string): HttpResponse {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/xml',
      'x-amz-request-id': requestId,
      'x-amz-id-2': hostId,
      ...(error instanceof S3Error ? error.headers : {}),
    },
    body: writeErrorXml({
      Code: error.code,
      Message: error.message,
      ...error.members,
      RequestId: requestId,
      HostId: hostId,
    }),
  }
}

function isForm({ method, key, headers }: S3Request): boolean {
  return method === 'POST' && key === '' && (headers['content-type']?.startsWith('multipart/form-data') ?? false)
}

/** A client may say which account it takes the bucket's owner to be. */
function assertOwner({ headers }: S3Request, accountId: string): void {
  for (const name of ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner']) {
    const owner = headers[name]
    if (owner !== undefined && owner !== accountId) throw s3Error('AccessDenied')
  }
}
