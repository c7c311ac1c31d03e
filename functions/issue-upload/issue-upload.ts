import { hash } from 'node:crypto'
import type { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { formatObjectKey } from '#contract/object-key.ts'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import type { CreateUploadResponse, createUploadRequestSchema } from '#contract/uploads-api.ts'
import type { IssuedUpload } from '../stores/upload-store.ts'
import type { AskingDevice, Issuing } from './issuing.ts'
import { choosePartBytes, countParts } from './plan-parts.ts'
import { wholeSecondMs } from './whole-second.ts'

type UploadRequest = z.output<typeof createUploadRequestSchema>

/**
 * Issues what a device needs to send one file. Asked again with the same idempotency key, it answers the same upload: the
 * same URL while that may be used, a new one for the same object key afterwards, and none when the object is there. Throws
 * IDEMPOTENCY_KEY_REUSED for another request under the key, and UPLOAD_LIMIT.
 */
export async function issueUpload(
  issuing: Issuing,
  device: AskingDevice,
  request: UploadRequest,
  idempotencyKey: string | undefined,
): Promise<CreateUploadResponse> {
  const { uploads, quotas, limits, clock, drawId } = issuing
  const now = clock()
  const { thingName } = device
  const uploadId = idempotencyKey === undefined ? drawId() : deriveId(thingName, idempotencyKey)
  const planned = planUpload(issuing, device, request, uploadId, now)
  // Who has its place already asked before. Parts cost a call to S3, others are written without looking first.
  const isNew = await quotas.take(planned, limits, now)
  const earlier = isNew && planned.way !== 'multipart' ? undefined : await uploads.find(thingName, uploadId)
  return earlier ? issueAgain(issuing, earlier, planned, now) : issueFirst(issuing, planned, now)
}

async function issueFirst(issuing: Issuing, planned: IssuedUpload, now: Date): Promise<CreateUploadResponse> {
  const { uploads } = issuing
  const upload = await begin(issuing, planned)
  if (await uploads.add(upload)) return answerOf(issuing, upload)
  return giveWay(issuing, upload, now)
}

async function issueAgain(
  issuing: Issuing,
  earlier: IssuedUpload,
  planned: IssuedUpload,
  now: Date,
): Promise<CreateUploadResponse> {
  const { uploads, quotas, multipart } = issuing
  const isOpen = earlier.state === 'issued' && earlier.expiresAt > now.toISOString()
  // Of an object that was there before it was asked for, no request is known.
  const isSame = earlier.fingerprint === undefined || earlier.fingerprint === planned.fingerprint
  if (!isOpen && (!isSame || earlier.state === 'arrived')) await quotas.giveBack(planned, now)
  if (!isSame) {
    throw new Fault('IDEMPOTENCY_KEY_REUSED', 'the idempotency key was used for another request', {
      hint: 'draw a key for each file, and send it again only with the same request',
    })
  }
  if (isOpen || earlier.state === 'arrived') return answerOf(issuing, earlier)
  const upload = await begin(issuing, { ...planned, key: earlier.key })
  if (!(await uploads.add(upload, earlier.issuedAt))) return giveWay(issuing, upload, now)
  if (earlier.multipartId !== undefined) await multipart.abort(earlier.key, earlier.multipartId)
  return answerOf(issuing, upload)
}

/** Another request came before this one, or the object did. */
async function giveWay(issuing: Issuing, upload: IssuedUpload, now: Date): Promise<CreateUploadResponse> {
  if (upload.multipartId !== undefined) await issuing.multipart.abort(upload.key, upload.multipartId)
  const earlier = await issuing.uploads.find(upload.thingName, upload.uploadId)
  if (!earlier) throw new Error(`the row of the upload ${upload.uploadId} is gone`)
  return issueAgain(issuing, earlier, upload, now)
}

/** Of a thing and a key, always the same: whoever asks twice, even at the same moment, asks for one upload. */
function deriveId(thingName: string, idempotencyKey: string): string {
  return hash('sha256', `${thingName}\n${idempotencyKey}`).slice(0, 16)
}

function planUpload(
  { urlSeconds, multipartSeconds }: Issuing,
  { thingName, certificateId }: AskingDevice,
  request: UploadRequest,
  uploadId: string,
  now: Date,
): IssuedUpload {
  const { name, sizeBytes, contentType, crc32, sha256, form } = request
  const way = form ? 'form' : sizeBytes > maxSinglePutBytes ? 'multipart' : 'put'
  const seconds = way === 'multipart' ? multipartSeconds : urlSeconds
  const issuedAt = now.toISOString()
  return {
    thingName,
    uploadId,
    key: formatObjectKey({ thingName, day: issuedAt.slice(0, 'YYYY-MM-DD'.length), uploadId, name }),
    state: 'issued',
    way,
    sizeBytes,
    contentType,
    crc32,
    sha256,
    fingerprint: hash('sha256', JSON.stringify([name, sizeBytes, contentType, crc32, sha256, form])),
    certificateId,
    issuedAt,
    expiresAt: new Date(wholeSecondMs(now) + seconds * 1000).toISOString(),
    changedAt: issuedAt,
    ...(way === 'multipart' && { partBytes: choosePartBytes(sizeBytes) }),
  }
}

/** What a run that dies from here on leaves at S3 goes by the bucket's rule for abandoned parts. */
async function begin({ multipart }: Issuing, planned: IssuedUpload): Promise<IssuedUpload> {
  if (planned.way !== 'multipart') return planned
  return { ...planned, multipartId: await multipart.create(planned.key, planned.contentType) }
}

function answerOf({ urls }: Issuing, upload: IssuedUpload): CreateUploadResponse {
  const { uploadId, key, state, way, expiresAt, partBytes = 0, sizeBytes } = upload
  if (state === 'arrived') return { uploadId, key, state, expiresAt: expiresAt ?? upload.changedAt }
  const answer = { uploadId, key, state: 'issued', expiresAt } as const
  if (way === 'multipart') {
    return { ...answer, multipart: { partBytes, partCount: countParts({ sizeBytes, partBytes }) } }
  }
  const date = new Date(upload.issuedAt)
  const validity = { date, seconds: (Date.parse(expiresAt) - wholeSecondMs(date)) / 1000 }
  if (way === 'form') return { ...answer, form: { ...urls.signForm(upload, validity), expiresAt } }
  return { ...answer, put: { ...urls.signPut(upload, validity), expiresAt } }
}
