import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { uploadTopics } from '#contract/topics.ts'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import {
  type CreateUploadResponse,
  createUploadRequestSchema,
  idempotencyKeySchema,
  type UploadAcceptedMessage,
  type UploadRejectedMessage,
} from '#contract/uploads-api.ts'
import { parseRequest } from '../runtime/http-handler.ts'
import { toldFault } from '../runtime/told-fault.ts'
import type { AskingDevice } from './issuing.ts'

/** What the topic rule makes of a message: what the device sent is one member, so that it cannot stand in for the others. */
export const uploadMessageSchema = z.object({
  thing: z.string(),
  /** What the device proved itself with: its certificate's id. */
  principal: z.string(),
  /** The payload in base64. */
  payload: z.string(),
})

interface Answering {
  readonly issue: (
    device: AskingDevice,
    request: z.output<typeof createUploadRequestSchema>,
    idempotencyKey: string,
  ) => Promise<CreateUploadResponse>
  readonly publish: (topic: string, message: UploadAcceptedMessage | UploadRejectedMessage) => Promise<void>
}

/** Answers a request that came over MQTT, on the topic for what was accepted or for what was rejected. */
export async function answerMessage(
  { issue, publish }: Answering,
  { thing, principal, payload }: z.output<typeof uploadMessageSchema>,
  requestId: string,
): Promise<void> {
  const { accepted, rejected } = uploadTopics(thing)
  let clientToken: string | undefined
  try {
    const { clientToken: token, ...body } = parsePayload(payload)
    clientToken = parseRequest(z.object({ clientToken: idempotencyKeySchema }), { clientToken: token }).clientToken
    if (Number(body.sizeBytes) > maxSinglePutBytes) throw tooLarge()
    const request = parseRequest(createUploadRequestSchema, body)
    const answer = await issue({ thingName: thing, certificateId: principal }, request, clientToken)
    await publish(accepted, { clientToken, ...answer })
  } catch (error) {
    const { code, message, hint, retryAfterSeconds } = toldFault(error, {
      requestId,
      topic: uploadTopics(thing).create,
    })
    await publish(rejected, {
      ...(clientToken !== undefined && { clientToken }),
      code,
      detail: message,
      ...(hint !== undefined && { hint }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      requestId,
    })
  }
}

function parsePayload(payload: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')))
  } catch (cause) {
    throw new Fault('REQUEST_INVALID', 'the message is not a JSON object', { cause })
  }
}

function tooLarge(): Fault {
  return new Fault('REQUEST_INVALID', `sizeBytes: over MQTT a file has at most ${maxSinglePutBytes} bytes`, {
    hint: 'ask the API for one that is larger: it goes in parts',
  })
}
