import { hash } from 'node:crypto'

export interface SigningCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

/** The services that are called with signatures made here, as signatures name them. */
export type SigningService = 's3' | 'execute-api' | 'iotdata'

interface SignableRequest {
  readonly method: string
  /** As it is sent: percent-encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Every one is signed; names in lower case, `host` among them. */
  readonly headers: Readonly<Record<string, string>>
  /** Hex SHA-256 of the payload, UNSIGNED-PAYLOAD, or a STREAMING- form. */
  readonly payloadHash: string
}

/** Returns the request's headers and those that sign it. */
export type SignRequest = (
  request: SignableRequest,
  credentials: SigningCredentials,
  date: Date,
) => Record<string, string>

type Hmac = (message: string) => Buffer

/** AWS Signature Version 4 in headers (AWS IAM user guide, "Create a signed AWS API request"). */
export function createSigner(service: SigningService, region: string): SignRequest {
  const openSignature = createSignatures(service, region)
  // "Each path segment must be URI-encoded twice (except for Amazon S3 which only gets URI-encoded once)".
  const canonicalPath = (path: string) => (service === 's3' ? path : path.split('/').map(encodeUri).join('/'))

  return (request, credentials, date) => {
    const { time, credential, sign } = openSignature(credentials, date)
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-content-sha256': request.payloadHash,
      'x-amz-date': time,
      'x-amz-security-token': credentials.sessionToken,
    }
    const { canonicalHeaders, signedHeaders } = canonicalizeHeaders(headers)
    const path = canonicalPath(request.path)
    const query = request.query === undefined ? '' : formatQuery(request.query)
    const signature = sign(
      `${request.method}\n${path}\n${query}\n${canonicalHeaders}\n${signedHeaders}\n${request.payloadHash}`,
    )
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`
    return headers
  }
}

/** What signatures of one moment share. `sign` takes a canonical request; `signText` anything, as forms want it. Both give hex. */
interface OpenSignature {
  /** `20260501T120000Z` */
  readonly time: string
  /** The key's id and the scope. */
  readonly credential: string
  readonly sign: (canonicalRequest: string) => string
  readonly signText: (text: string) => string
}

/** The part of a signature that does not depend on the request; the signing key of a day is made once. */
export function createSignatures(service: SigningService, region: string) {
  let cached = { secret: '', day: '', hmac: createHmac(Buffer.alloc(0)) }

  function signingHmac(secret: string, day: string): Hmac {
    if (cached.secret !== secret || cached.day !== day) {
      const keyed = [region, service, 'aws4_request'].reduce(
        (key, part) => createHmac(key)(part),
        createHmac(Buffer.from(`AWS4${secret}`))(day),
      )
      cached = { secret, day, hmac: createHmac(keyed) }
    }
    return cached.hmac
  }

  return ({ accessKeyId, secretAccessKey }: SigningCredentials, date: Date): OpenSignature => {
    const time = date.toISOString().replace(/[-:]|\.\d+/g, '')
    const day = time.slice(0, 8)
    const scope = `${day}/${region}/${service}/aws4_request`
    const hmac = signingHmac(secretAccessKey, day)
    const signText = (text: string) => hmac(text).toString('hex')
    return {
      time,
      credential: `${accessKeyId}/${scope}`,
      sign: (request) => signText(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', request)}`),
      signText,
    }
  }
}

/** Headers as they are signed, each with the end of its line, and their names. */
export function canonicalizeHeaders(headers: Readonly<Record<string, string>>) {
  const names = Object.keys(headers).sort()
  let canonicalHeaders = ''
  for (const name of names) canonicalHeaders += `${name}:${canonicalValue(headers[name] ?? '')}\n`
  return { canonicalHeaders, signedHeaders: names.join(';') }
}

/** Without spaces around it, and one for several within. */
function canonicalValue(value: string): string {
  return /^\s|\s\s|[^\S ]|\s$/.test(value) ? value.trim().replace(/\s+/g, ' ') : value
}

/** Percent-encodes all but A-Z a-z 0-9 - _ . ~, as AWS counts them. */
export function encodeUri(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The query in the order in which it is signed; also right to send. */
export function formatQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]): [string, string] => [encodeUri(name), encodeUri(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const blockBytes = 64
const digestBytes = 32

/** HMAC-SHA256 (RFC 2104) as two one-shot hashes over pads made once: 1–2 µs a call, where crypto.createHmac costs about 20. */
function createHmac(key: Uint8Array): Hmac {
  const block = key.length > blockBytes ? hash('sha256', key, 'buffer') : key
  const inner = Buffer.alloc(blockBytes, 0x36)
  const outer = Buffer.alloc(blockBytes + digestBytes, 0x5c)
  block.forEach((byte, index) => {
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  })
  return (message) => {
    hash('sha256', Buffer.concat([inner, Buffer.from(message)]), 'buffer').copy(outer, blockBytes)
    return hash('sha256', outer, 'buffer')
  }
}
