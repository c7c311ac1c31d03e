import { Fault } from '#contract/fault.ts'
import type { IssuedUpload, UploadStore } from '../stores/upload-store.ts'

/** An upload that was issued to a thing. Throws NOT_FOUND. */
export async function findUpload(uploads: UploadStore, thingName: string, uploadId: string): Promise<IssuedUpload> {
  const upload = await uploads.find(thingName, uploadId)
  if (upload?.issuedAt !== undefined) return upload
  throw new Fault('NOT_FOUND', `${thingName} has no upload ${uploadId}`, { hint: 'create it anew' })
}

/** An upload in parts that S3 knows. */
export type PartedUpload = IssuedUpload & { readonly multipartId: string; readonly partBytes: number }

/** Throws UPLOAD_STATE for an upload that goes in one piece, or takes nothing any more. */
export function requireOpenParts(upload: IssuedUpload, now: Date): PartedUpload {
  const { multipartId, partBytes, state, expiresAt } = upload
  if (multipartId === undefined || partBytes === undefined) {
    throw new Fault('UPLOAD_STATE', 'the upload goes in one piece', { hint: 'use the URL that its creation answered' })
  }
  if (state === 'issued' && expiresAt > now.toISOString()) return { ...upload, multipartId, partBytes }
  throw new Fault('UPLOAD_STATE', `the upload is ${state === 'issued' ? 'expired' : state}`, {
    hint: state === 'arrived' ? 'nothing is left to do' : 'create it anew, with the same idempotency key',
  })
}
