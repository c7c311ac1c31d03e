import { AwsError, notImplemented, type Operations } from '#local/service.ts'
import type { AsyncInvocations } from './async-invocations.ts'
import type { FunctionStore } from './function-store.ts'
import type { Invoker } from './invoke-function.ts'
import { functionPolicy } from './permission-operations.ts'

/** Lambda's limits of one event or answer. */
const maxSyncBytes = 6_291_556
const maxAsyncBytes = 1_048_576

export function createInvokeOperation(
  functions: FunctionStore,
  invoker: Invoker,
  asyncInvocations: AsyncInvocations,
): Operations {
  return {
    async Invoke(input, call) {
      const { InvocationType = 'RequestResponse', LogType = 'None', Qualifier = '$LATEST', ClientContext } = input
      if (LogType !== 'None') throw notImplemented(`LogType ${LogType} of Invoke`)
      if (Qualifier !== '$LATEST') throw notImplemented('versions and aliases of functions')
      const name = functions.parseName(input.FunctionName)
      const found = functions.find(name)
      const resourcePolicy = found && functionPolicy(found)
      call.authorize('lambda:InvokeFunction', functions.arnOf(name), { resourcePolicy })
      functions.get(name)
      const payload = readPayload(input.Payload, InvocationType)
      switch (InvocationType) {
        case 'RequestResponse': {
          const clientContext = ClientContext && Buffer.from(ClientContext, 'base64').toString()
          const outcome = await invoker.invoke(name, payload, call.requestId, clientContext)
          const answer = 'error' in outcome ? { FunctionError: 'Unhandled' } : {}
          const text = 'error' in outcome ? JSON.stringify(outcome.error) : limitAnswer(outcome.payload)
          return { StatusCode: 200, ExecutedVersion: '$LATEST', ...answer, Payload: Buffer.from(text) }
        }
        case 'Event':
          asyncInvocations.add(name, payload, call.requestId)
          return { StatusCode: 202 }
        case 'DryRun':
          return { StatusCode: 204 }
        default:
          throw new AwsError('InvalidParameterValueException', `${InvocationType} is not an invocation type`)
      }
    },
  }
}

function readPayload(payload: Uint8Array | undefined, invocationType: string): string {
  const text = Buffer.from(payload ?? []).toString() || '{}'
  const limit = invocationType === 'Event' ? maxAsyncBytes : maxSyncBytes
  if (Buffer.byteLength(text) > limit) {
    const message = `Request must be smaller than ${limit} bytes for the InvokeFunction operation`
    throw new AwsError('RequestTooLargeException', message, 413)
  }
  try {
    JSON.parse(text)
  } catch (cause) {
    const message = `Could not parse request body into json: ${(cause as Error).message}`
    throw new AwsError('InvalidRequestContentException', message, 400, { cause })
  }
  return text
}

function limitAnswer(payload: string): string {
  const bytes = Buffer.byteLength(payload)
  if (bytes <= maxSyncBytes) return payload
  const errorMessage = `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${maxSyncBytes} bytes).`
  return JSON.stringify({ errorType: 'Function.ResponseSizeTooLarge', errorMessage })
}
