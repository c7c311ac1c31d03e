import { canonicalizeHeaders, createSignatures, encodeUri, formatQuery, type SigningCredentials } from './sigv4.ts'

interface PresignableRequest {
  readonly method: string
  /** As it is sent: percent-encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Those that whoever uses the URL must send; names in lower case, `host` among them. */
  readonly headers: Readonly<Record<string, string>>
}

/** Gives path and query of a URL that may be used for so many seconds from `date` on. */
type Presign = (
  request: PresignableRequest,
  credentials: SigningCredentials,
  validity: { readonly date: Date; readonly seconds: number },
) => string

/** AWS Signature Version 4 in the query, for S3 (S3 API reference, "Authenticating requests: using query parameters"). */
export function createPresigner(region: string): Presign {
  const openSignature = createSignatures('s3', region)
  return ({ method, path, query = {}, headers }, credentials, { date, seconds }) => {
    const { time, credential, sign } = openSignature(credentials, date)
    const { canonicalHeaders, signedHeaders } = canonicalizeHeaders(headers)
    // In the order of their bytes, in which they are signed: capitals come first.
    const signed = [
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      `X-Amz-Credential=${encodeUri(credential)}`,
      `X-Amz-Date=${time}`,
      `X-Amz-Expires=${seconds}`,
      `X-Amz-Security-Token=${encodeUri(credentials.sessionToken)}`,
      `X-Amz-SignedHeaders=${encodeUri(signedHeaders)}`,
    ].join('&')
    const rest = formatQuery(query)
    const parameters = rest === '' ? signed : `${signed}&${rest}`
    const signature = sign(`${method}\n${path}\n${parameters}\n${canonicalHeaders}\n${signedHeaders}\nUNSIGNED-PAYLOAD`)
    return `${path}?${parameters}&X-Amz-Signature=${signature}`
  }
}

/** A form's fields that sign its policy, as S3 wants them (S3 API reference, "Browser-based uploads using POST"). */
export function createFormSigner(region: string) {
  const openSignature = createSignatures('s3', region)
  /** `fields` are what the form must hold as it is; the policy says so. */
  return (
    { bucket, fields, maxBytes }: { bucket: string; fields: Readonly<Record<string, string>>; maxBytes: number },
    credentials: SigningCredentials,
    { date, expiresAt }: { readonly date: Date; readonly expiresAt: Date },
  ): Record<string, string> => {
    const { time, credential, signText } = openSignature(credentials, date)
    const all = {
      ...fields,
      'x-amz-algorithm': 'AWS4-HMAC-SHA256',
      'x-amz-credential': credential,
      'x-amz-date': time,
      'x-amz-security-token': credentials.sessionToken,
    }
    const equalities = Object.entries(all).map(([name, value]) => ['eq', `$${name}`, value])
    const conditions = [{ bucket }, ['content-length-range', 0, maxBytes], ...equalities]
    const document = JSON.stringify({ expiration: expiresAt.toISOString(), conditions })
    const policy = Buffer.from(document).toString('base64')
    return { ...all, policy, 'x-amz-signature': signText(policy) }
  }
}
