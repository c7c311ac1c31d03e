import type { HttpResponse } from '#local/service.ts'
import { writeXml } from '../xml/write-xml.ts'

export interface PostedObject {
  readonly bucket: string
  readonly key: string
  /** With quotes. */
  readonly etag: string
  readonly location: string
}

/** Answers as the form's success_action fields ask; 204 where they ask for nothing that S3 knows. */
export function answerForm(
  fields: ReadonlyMap<string, string>,
  { bucket, key, etag, location }: PostedObject,
  headers: Record<string, string>,
): HttpResponse {
  const redirect = parseUrl(fields.get('success_action_redirect') ?? fields.get('redirect'))
  if (redirect) {
    for (const [name, value] of Object.entries({ bucket, key, etag })) redirect.searchParams.append(name, value)
    return { status: 303, headers: { ...headers, etag, location: redirect.href } }
  }
  const status = fields.get('success_action_status')
  if (status === '201') {
    const body = writeXml('PostResponse', { Location: location, Bucket: bucket, Key: key, ETag: etag })
    return { status: 201, headers: { ...headers, etag, location }, body }
  }
  return { status: status === '200' ? 200 : 204, headers: { ...headers, etag, location } }
}

function parseUrl(text: string | undefined): URL | undefined {
  const url = text === undefined ? null : URL.parse(text)
  return url && /^https?:$/.test(url.protocol) ? url : undefined
}
