import { parseObjectKey } from '#contract/object-key.ts'
import { OperatorError } from '../../operator-error.ts'

export interface FoundUpload {
  readonly uploadId: string
  readonly thing: string | undefined
  /** Undefined when the upload was named by its id. */
  readonly key: string | undefined
}

/** What UPLOAD_ID|KEY and --thing name. Throws REQUEST_INVALID. */
export function findUpload(subject: string, thing: string | undefined): FoundUpload {
  if (!subject.includes('/')) return { uploadId: subject, thing, key: undefined }
  const { uploadId, thingName } = parseObjectKey(subject) ?? {}
  if (uploadId !== undefined && (thing ?? thingName) === thingName) return { uploadId, thing: thingName, key: subject }
  throw new OperatorError(
    'REQUEST_INVALID',
    uploadId === undefined
      ? `${subject} has no upload id: it is no key that a device or the backend made`
      : `${subject} is none of ${thing}`,
    { hint: 'give an upload id, or a key as `thingdrop uploads list` shows it' },
  )
}

/** Throws NOT_FOUND when the API tells of another key with the same upload id than the one that was asked for. */
export function checkKey<Answer extends { readonly key: string }>(answer: Answer, { key }: FoundUpload): Answer {
  if (key === undefined || key === answer.key) return answer
  throw new OperatorError('NOT_FOUND', `there is no upload ${key}`, {
    hint: `the newest with its upload id is ${answer.key}`,
    status: 404,
  })
}
