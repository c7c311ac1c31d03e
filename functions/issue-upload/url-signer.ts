import { createFormSigner, createPresigner } from '#contract/presign.ts'
import { encodeUri, type SigningCredentials } from '#contract/sigv4.ts'
import type { IssuedUpload } from '../stores/upload-store.ts'

interface UrlSignerOptions {
  readonly bucket: string
  /** Where the bucket is, without a slash at its end. */
  readonly bucketUrl: string
  readonly region: string
  readonly credentials: SigningCredentials
}

interface Validity {
  readonly date: Date
  readonly seconds: number
}

/** Signs what a device sends without credentials of its own. Made again for the same moment, a URL is the same. */
export function createUrlSigner({ bucket, bucketUrl, region, credentials }: UrlSignerOptions) {
  const { origin, host, pathname } = new URL(bucketUrl)
  const root = pathname.replace(/\/$/, '')
  const presign = createPresigner(region)
  const signForm = createFormSigner(region)
  const pathOf = (key: string) => `${root}/${key.split('/').map(encodeUri).join('/')}`

  return {
    /** Everything that makes the object what was announced is signed, and that it must not be there yet. */
    signPut(upload: IssuedUpload, validity: Validity): { url: string; headers: Record<string, string> } {
      const headers = {
        'content-length': String(upload.sizeBytes),
        'content-type': upload.contentType,
        'if-none-match': '*',
        ...checksumOf(upload),
      }
      const request = { method: 'PUT', path: pathOf(upload.key), headers: { ...headers, host } }
      return { url: origin + presign(request, credentials, validity), headers }
    },

    signPart(
      key: string,
      multipartId: string,
      part: { number: number; sizeBytes: number },
      validity: Validity,
    ): string {
      const request = {
        method: 'PUT',
        path: pathOf(key),
        query: { partNumber: String(part.number), uploadId: multipartId },
        headers: { 'content-length': String(part.sizeBytes), host },
      }
      return origin + presign(request, credentials, validity)
    },

    /** S3 takes no `If-None-Match` of a form: it could overwrite the file that it brought, while it may be used. */
    signForm(upload: IssuedUpload, { date, seconds }: Validity): { url: string; fields: Record<string, string> } {
      const fields = {
        key: upload.key,
        'content-type': upload.contentType,
        success_action_status: '201',
        ...checksumOf(upload),
      }
      const expiresAt = new Date(date.getTime() + seconds * 1000)
      const form = { bucket, fields, maxBytes: upload.sizeBytes }
      return { url: `${origin}${root || '/'}`, fields: signForm(form, credentials, { date, expiresAt }) }
    },
  }
}

export type UrlSigner = ReturnType<typeof createUrlSigner>

/** S3 takes one checksum (S3 API reference, PutObject). */
function checksumOf({ sha256, crc32 }: IssuedUpload): Record<string, string> {
  if (sha256 !== undefined) return { 'x-amz-checksum-sha256': sha256 }
  return crc32 === undefined ? {} : { 'x-amz-checksum-crc32': crc32 }
}
