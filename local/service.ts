import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

/** Values of IAM condition keys (`aws:SourceArn`, `credentials-iot:ThingName`, …); a list is a multi-valued key. */
export type ConditionContext = Readonly<Record<string, string | readonly string[]>>

/** An IAM policy document as it stands in a template or an API call: parsed JSON that is not checked yet. */
export type PolicyDocument = Readonly<Record<string, unknown>>

/** Who makes a call. */
export interface Caller {
  readonly kind: 'root' | 'user' | 'assumed-role' | 'service' | 'anonymous'
  /** `arn:aws:iam::…:user/…`, `arn:aws:sts::…:assumed-role/ROLE/SESSION`, a service's principal (`s3.amazonaws.com`), or `*` for anonymous. */
  readonly arn: string
  readonly accountId: string
  /** `aws:userid`: `AIDA…`, `AROA…:SESSION`, the account id for root. S3 events show it as principalId. */
  readonly userId: string
  /** The role behind an assumed-role session. */
  readonly roleArn?: string
  /** A session policy narrows what the role grants. */
  readonly sessionPolicy?: PolicyDocument
  /** Condition keys that come with the caller: session variables, `aws:SourceArn` of a service. */
  readonly context: ConditionContext
}

interface AuthorizeOptions {
  readonly context?: ConditionContext
  readonly resourcePolicy?: PolicyDocument | undefined
}

/** The IAM decision of the embedded cloud. */
export interface Authorizer {
  /** Throws an AwsError (`AccessDenied`, 403) unless identity, session and resource policies allow the action. */
  require(caller: Caller, action: string, resource: string, options?: AuthorizeOptions): void
}

/** One call of one operation: who, and from where. */
export interface Call {
  readonly caller: Caller
  readonly requestId: string
  readonly sourceIp: string
  /** Authorizer.require for this call's caller, with `aws:SourceIp` and the rest of the request's context added. */
  authorize(action: string, resource: string, options?: AuthorizeOptions): void
}

/**
 * An operation takes and returns the shapes of the AWS API model (`CreateThingRequest` → `CreateThingResponse`),
 * checks its caller with call.authorize, and throws AwsError. Dates and bytes are Date and Uint8Array: the protocol
 * adapters of gateway/ know how each wire format writes them. Bytes of a JSON input arrive as base64 text.
 */
// biome-ignore lint/suspicious/noExplicitAny: each operation narrows its own input to a type of the AWS API model
export type Operation = (input: any, call: Call) => unknown

export type Operations = Readonly<Record<string, Operation>>

/** How the payload of a request was signed: `x-amz-content-sha256`, or what stands for it. */
export type PayloadSignature = 'none' | 'unsigned' | 'hash' | 'chunked'

/** A request whose signature was checked. */
export interface HttpRequest {
  readonly method: string
  /** The path as it was sent: still percent-encoded, without the query. */
  readonly rawPath: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The payload with aws-chunked framing removed; a hash or chunk signature that does not fit makes it fail with an AwsError as it is read. */
  readonly body: Readable
  /** Trailing headers of an aws-chunked payload; complete once body has ended. */
  readonly trailers: Readonly<Record<string, string>>
  readonly payloadSignature: PayloadSignature
  readonly presigned: boolean
}

export interface HttpResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | Readable
}

/** What answers for one AWS service behind the gateway. */
export interface HttpService {
  handle(request: HttpRequest, call: Call): Promise<HttpResponse>
  /** Writes an error as this service's protocol words it. */
  encodeError(error: AwsError, requestId: string): HttpResponse
}

/** An error of the AWS API: its code, message and HTTP status reach the client as they stand. */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly code: string
  readonly status: number
  /** Further members of the error's shape: `resourceArn`, S3's `<Key>`, … */
  readonly members: Readonly<Record<string, string>>

  constructor(
    code: string,
    message: string,
    status = 400,
    options: { cause?: unknown; members?: Record<string, string> } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = status
    this.members = options.members ?? {}
  }
}

/** What AWS documents and the embedded cloud does not do: refused loudly, by name. */
export function notImplemented(what: string): AwsError {
  return new AwsError('NotImplemented', `The embedded cloud does not implement ${what}`, 501)
}
