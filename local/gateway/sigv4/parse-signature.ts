import { AwsError, notImplemented } from '#local/service.ts'
import type { RequestHead } from './request-head.ts'
import type { CredentialScope } from './signing-keys.ts'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** A signature that a request claims, before anything of it is checked. */
export interface Signature {
  /** In the Authorization header, or in the query of a presigned URL. */
  readonly place: 'header' | 'query'
  readonly accessKeyId: string
  readonly scope: CredentialScope
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** `20260102T030405Z` */
  readonly timestamp: string
  readonly sessionToken: string | undefined
  /** Life of a presigned URL from its timestamp. */
  readonly expiresSeconds?: number
}

/** Undefined when the request isn't signed at all. Throws an AwsError (`IncompleteSignature`) for half a signature. */
export function parseSignature(head: RequestHead): Signature | undefined {
  const authorization = head.headers.get('authorization')
  const query = new URLSearchParams(head.rawQuery)
  if (query.has('X-Amz-Algorithm')) {
    if (authorization) throw new AwsError('InvalidArgument', 'Only one auth mechanism allowed')
    return parseQuery(query)
  }
  if (authorization) return parseHeader(head, authorization.join(','))
  if (query.has('Signature') && query.has('AWSAccessKeyId')) throw unsupported()
  return undefined
}

function parseHeader(head: RequestHead, authorization: string): Signature {
  const space = authorization.indexOf(' ')
  checkAlgorithm(authorization.slice(0, space))
  const parts = new Map<string, string>()
  for (const part of authorization.slice(space + 1).split(',')) {
    const equals = part.indexOf('=')
    parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim())
  }
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => !parts.get(name))
  const timestamp = readTimestamp(head)
  const complaints = missing.map((name) => `Authorization header requires '${name}' parameter.`)
  if (!timestamp)
    complaints.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  if (!timestamp || missing.length > 0) throw incomplete(complaints.join(' '))
  return {
    place: 'header',
    ...parseCredential(parts.get('Credential') ?? ''),
    signedHeaders: (parts.get('SignedHeaders') ?? '').split(';'),
    signature: parts.get('Signature') ?? '',
    timestamp,
    sessionToken: head.headers.get('x-amz-security-token')?.[0],
  }
}

function parseQuery(query: URLSearchParams): Signature {
  checkAlgorithm(query.get('X-Amz-Algorithm') ?? '')
  const required = ['X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-Date', 'X-Amz-SignedHeaders', 'X-Amz-Expires']
  const timestamp = parseTimestamp(query.get('X-Amz-Date') ?? '')
  if (!timestamp || required.some((name) => query.getAll(name).length !== 1)) {
    throw incomplete(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  return {
    place: 'query',
    ...parseCredential(query.get('X-Amz-Credential') ?? ''),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature') ?? '',
    timestamp,
    sessionToken: query.get('X-Amz-Security-Token') ?? undefined,
    expiresSeconds: parseExpires(query.get('X-Amz-Expires') ?? ''),
  }
}

function parseExpires(text: string): number {
  if (!/^-?\d+$/.test(text)) throw incomplete('X-Amz-Expires should be a number')
  const seconds = Number(text)
  if (seconds < 0) throw incomplete('X-Amz-Expires must be non-negative')
  if (seconds > 604_800) {
    throw incomplete(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  }
  return seconds
}

function checkAlgorithm(algorithm: string): void {
  if (algorithm === ALGORITHM) return
  if (algorithm.startsWith('AWS4-ECDSA')) throw notImplemented(`the signing algorithm ${algorithm}`)
  throw unsupported()
}

function parseCredential(credential: string): { accessKeyId: string; scope: CredentialScope } {
  const [accessKeyId, date, region, service, terminal, ...rest] = credential.split('/')
  if (!accessKeyId || !date || !region || !service || terminal !== 'aws4_request' || rest.length > 0) {
    throw incomplete('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".')
  }
  return { accessKeyId, scope: { date, region, service } }
}

function readTimestamp({ headers }: RequestHead): string | undefined {
  const [amzDate] = headers.get('x-amz-date') ?? []
  if (amzDate !== undefined) return parseTimestamp(amzDate)
  const date = new Date(headers.get('date')?.[0] ?? '')
  return Number.isNaN(date.getTime()) ? undefined : formatTimestamp(date)
}

function incomplete(message: string): AwsError {
  return new AwsError('IncompleteSignature', message)
}

function unsupported(): AwsError {
  return new AwsError(
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  )
}
