import { AwsError } from '#local/service.ts'
import type { Receipt } from './message-store.ts'

export function formatReceiptHandle(queue: string, { sequence, receipt }: Receipt): string {
  return Buffer.from(`${queue}/${sequence}/${receipt}`).toString('base64')
}

/** Throws ReceiptHandleIsInvalid, also for a handle of another queue. */
export function parseReceiptHandle(queue: string, handle: unknown): Receipt {
  const text = typeof handle === 'string' ? Buffer.from(handle, 'base64').toString() : ''
  const [, name, sequence, receipt] = /^([^/]+)\/(\d{1,15})\/([\w-]+)$/.exec(text) ?? []
  if (name !== queue || !sequence || !receipt) {
    throw new AwsError(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
      404,
    )
  }
  return { sequence: Number(sequence), receipt }
}
