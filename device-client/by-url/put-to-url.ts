import { crc32 } from 'node:zlib'
import { DeviceFault } from '../device-fault.ts'
import type { HttpAnswer } from '../http-transport.ts'
import { s3Refusal } from '../s3-refusal.ts'
import type { Uploader } from '../send-to-s3.ts'
import type { Content } from '../source-file.ts'

/** Up to here content is read whole and sent at once. */
const wholeBytes = 1024 * 1024

/**
 * PUTs content to a presigned URL, with the headers that are signed in. Resolves with the answer and the CRC32 of what was sent; throws
 * DeviceFault as S3 says it (OBJECT_EXISTS, UPLOAD_…), FILE_CHANGED, and the connection's.
 */
export async function putToUrl(
  { bucket, runtime }: Uploader,
  key: string,
  { url: text, headers }: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  content: Content,
  signal?: AbortSignal,
): Promise<{ readonly answer: HttpAnswer; readonly crc32: number }> {
  const url = parseUrl(text, bucket.url, key)
  let checksum = 0
  const counted = function* () {
    checksum = 0
    for (const chunk of content.read()) {
      checksum = crc32(chunk, checksum)
      yield chunk
    }
  }
  const body =
    content.sizeBytes <= wholeBytes
      ? Buffer.concat([...counted()].map((chunk) => Buffer.from(chunk)))
      : async (write: (chunk: Uint8Array) => Promise<void>) => {
          for (const chunk of counted()) await write(chunk)
        }
  const answer = await bucket.transport.send({ method: 'PUT', url, headers, body, signal })
  if (answer.status >= 300) throw s3Refusal(answer, key, runtime.clock())
  return { answer, crc32: checksum }
}

/** What the API hands out may not lead the file elsewhere in the clear. */
function parseUrl(text: string, bucketUrl: string, key: string): URL {
  const url = new URL(text)
  if (url.protocol === 'https:' || url.origin === new URL(bucketUrl).origin) return url
  throw new DeviceFault('ANSWER_INVALID', `${key}: its upload URL goes to ${url.origin}`)
}
