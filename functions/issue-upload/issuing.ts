import type { UploadLimits, UploadQuotas } from '../stores/upload-quotas.ts'
import type { UploadStore } from '../stores/upload-store.ts'
import type { MultipartUploads } from './multipart-uploads.ts'
import type { UrlSigner } from './url-signer.ts'

/** What the operations on issued uploads share. */
export interface Issuing {
  readonly uploads: UploadStore
  readonly quotas: UploadQuotas
  readonly limits: UploadLimits
  readonly multipart: MultipartUploads
  readonly urls: UrlSigner
  /** How long the URL of a PUT, of a form or of a part may be used. */
  readonly urlSeconds: number
  /** How long an upload in parts may take. */
  readonly multipartSeconds: number
  readonly clock: () => Date
  /** A new upload id. */
  readonly drawId: () => string
}

/** The device that asks: the thing of the path or topic, and the certificate that it proved itself with. */
export interface AskingDevice {
  readonly thingName: string
  readonly certificateId: string
}
