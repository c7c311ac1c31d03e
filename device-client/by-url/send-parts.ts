import type { CreateUploadResponse } from '#contract/uploads-api.ts'
import { combineCrc32 } from '../crc32-combine.ts'
import { DeviceFault } from '../device-fault.ts'
import { encodeCrc32 } from '../put-payload.ts'
import { retry } from '../retry.ts'
import { runConcurrently } from '../run-concurrently.ts'
import { putToUrl } from './put-to-url.ts'
import type { UrlSending } from './send-by-url.ts'

type MultipartPlan = NonNullable<CreateUploadResponse['multipart']>

const partsAtOnce = 2
/** A URL that ends sooner is asked for anew. */
const leastLifeMs = 60_000

/** Sends the parts of an upload that the journal does not have yet, each tried again by itself, and completes it. */
export async function sendParts(sending: UrlSending, upload: CreateUploadResponse, plan: MultipartPlan): Promise<void> {
  const { api, uploader, runtime, journal, entry, file, retrying, onBytes } = sending
  const { partBytes, partCount } = plan
  takeUp(sending, upload, partBytes)
  const finished = new Set(journal.parts(entry).map(({ number }) => number))
  const missing = Array.from({ length: partCount }, (_, index) => index + 1).filter((number) => !finished.has(number))
  const urlOf = createPartUrls(sending, upload.uploadId)
  const sizeOf = (number: number) => Math.min(partBytes, file.sizeBytes - (number - 1) * partBytes)

  await runConcurrently(missing, partsAtOnce, async (number) => {
    const content = file.part((number - 1) * partBytes, sizeOf(number))
    const send = async () => {
      const headers = { 'content-length': String(content.sizeBytes) }
      const target = { url: await urlOf(number), headers }
      return await putToUrl(uploader(), upload.key, target, content, retrying.signal)
    }
    const { answer, crc32 } = await retry(send, runtime, retrying)
    const { etag } = answer.headers
    if (etag === undefined) throw new DeviceFault('ANSWER_INVALID', `${upload.key}: S3 gave no ETag for part ${number}`)
    journal.addPart(entry, { number, etag, crc32 })
    onBytes(content.sizeBytes)
  })
  file.checkUnchanged()
  const whole = journal.parts(entry).reduce((crc, part) => combineCrc32(crc, part.crc32, sizeOf(part.number)), 0)
  try {
    await retry(() => api().complete(upload.uploadId, encodeCrc32(whole), retrying.signal), runtime, retrying)
  } catch (error) {
    forget(sending)
    throw error
  }
}

/** Parts count for the upload that they were sent for: one that expired was begun anew under the same id, and ends at another time. */
function takeUp(sending: UrlSending, { uploadId, expiresAt }: CreateUploadResponse, partBytes: number): void {
  const { journal, entry } = sending
  const id = `url ${uploadId} ${expiresAt}`
  const known = journal.findMultipart(entry)
  if (known?.id === id && known.partBytes === partBytes) return
  if (known !== undefined) forget(sending)
  journal.begin(entry, { id, partBytes })
}

/** Of an upload by URL the API takes care, so that nothing of it is left to abort. */
function forget({ journal, entry }: UrlSending): void {
  const known = journal.findMultipart(entry)
  journal.forgetMultipart(entry)
  if (known?.id.startsWith('url ')) journal.dropLeftover({ multipartId: known.id, key: entry.key })
}

/** URLs by part, asked for a page at a time and kept while they are good. */
function createPartUrls({ api, runtime, retrying }: UrlSending, uploadId: string) {
  const urls = new Map<number, string>()
  let endsMs = 0
  return async (number: number): Promise<string> => {
    const isFresh = endsMs - runtime.clock().getTime() > leastLifeMs
    const kept = isFresh ? urls.get(number) : undefined
    if (kept !== undefined) return kept
    const page = await api().listParts(uploadId, number, retrying.signal)
    urls.clear()
    for (const part of page.parts) urls.set(part.number, part.url)
    endsMs = Date.parse(page.expiresAt)
    const url = urls.get(number)
    if (url === undefined) throw new DeviceFault('ANSWER_INVALID', `the API gave no URL for part ${number}`)
    return url
  }
}
