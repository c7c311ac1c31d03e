import type { MiddlewareObj } from '@middy/core'
import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse, Context } from 'aws-lambda'
import { log } from '../runtime/log.ts'
import type { FleetCaResource } from './manage-fleet-ca.ts'

type Event = CloudFormationCustomResourceEvent

/**
 * Tells CloudFormation how a custom resource came out. It waits an hour for an answer, so a failure must be told too; an
 * error while telling leaves the invocation failed, and Lambda runs it again (CloudFormation user guide, "Custom resources").
 */
export function answerCloudFormation(): MiddlewareObj<Event, FleetCaResource | undefined, Error, Context> {
  return {
    async after({ event, response }) {
      if (!response) throw new Error('the handler gave no resource')
      await put(event, {
        Status: 'SUCCESS',
        PhysicalResourceId: response.physicalResourceId,
        Data: { ...response.attributes },
        ...addressOf(event),
      })
    },
    async onError(request) {
      log('error', 'custom resource failed', { error: request.error })
      await put(request.event, {
        Status: 'FAILED',
        Reason: `${request.error?.message ?? 'unknown error'} (request ${request.context.awsRequestId})`,
        PhysicalResourceId: physicalIdOf(request.event) ?? request.context.awsRequestId,
        ...addressOf(request.event),
      })
      // Told: nothing is left to throw.
      request.earlyResponse = undefined
    },
  }
}

function addressOf({ StackId, RequestId, LogicalResourceId }: Event) {
  return { StackId, RequestId, LogicalResourceId }
}

function physicalIdOf(event: Event): string | undefined {
  return 'PhysicalResourceId' in event ? event.PhysicalResourceId : undefined
}

async function put({ ResponseURL }: Event, response: CloudFormationCustomResourceResponse): Promise<void> {
  // The address is presigned for an empty content type.
  const answer = await fetch(ResponseURL, {
    method: 'PUT',
    headers: { 'content-type': '' },
    body: JSON.stringify(response),
  })
  if (!answer.ok) throw new Error(`CloudFormation refused the answer of the custom resource: ${answer.status}`)
}
