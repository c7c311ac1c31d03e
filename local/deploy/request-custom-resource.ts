import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import { z } from 'zod'
import type { CustomResourceRequest, ProvisionedResource } from './resource-type.ts'

/** CloudFormation's own limit for the answer of a custom resource. */
const maxResponseBytes = 4096

const responseSchema = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string().min(1).optional(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  Data: z.record(z.string(), z.unknown()).nullish(),
})

export interface CustomResourceOptions {
  readonly stackId: string
  readonly logicalId: string
  readonly resourceType: string
  readonly timeoutSeconds: number
  /** The identity of the `https` server that the function answers to. */
  readonly secureContext: () => SecureContext
  /** Invokes the function and returns its error, if it had one. */
  readonly invoke: (functionArn: string, event: object) => Promise<string | undefined>
}

/** Sends a custom resource's function its request, and waits for what it PUTs to the ResponseURL. */
export async function requestCustomResource(
  request: CustomResourceRequest,
  options: CustomResourceOptions,
): Promise<ProvisionedResource> {
  const requestId = randomUUID()
  const path = `/${randomUUID()}`
  const server = createServer({ SNICallback: (_name, answer) => answer(null, options.secureContext()) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ended = new AbortController()
  try {
    const answered = receiveResponse(server, path)
    const event = {
      ...request,
      ResponseURL: `https://localhost:${(server.address() as AddressInfo).port}${path}`,
      StackId: options.stackId,
      RequestId: requestId,
      LogicalResourceId: options.logicalId,
      ResourceType: options.resourceType,
    }
    const failed = options.invoke(request.ServiceToken, event).then(async (error) => {
      if (error) throw new Error(`its function failed before it answered: ${error}`)
      return answered
    })
    const { timeoutSeconds } = options
    const timeout = setTimeout(timeoutSeconds * 1000, undefined, { signal: ended.signal }).then(() => {
      throw new Error(`its function did not answer within ${timeoutSeconds} s`)
    })
    const response = readResponse(await Promise.race([answered, failed, timeout]))
    const { StackId, RequestId, LogicalResourceId } = response
    if (StackId !== options.stackId || RequestId !== requestId || LogicalResourceId !== options.logicalId) {
      throw new Error('its function answered another request')
    }
    if (response.Status === 'FAILED')
      throw new Error(response.Reason ?? 'its function answered FAILED without a reason')
    const physicalId = response.PhysicalResourceId ?? request.PhysicalResourceId
    if (!physicalId) throw new Error('its function answered without a PhysicalResourceId')
    return { physicalId, attributes: response.Data ?? {} }
  } finally {
    ended.abort()
    server.close()
    server.closeAllConnections()
  }
}

/** The body of the first PUT to the path; everything else is turned away. */
function receiveResponse(server: Server, path: string): Promise<string> {
  return new Promise((resolve) => {
    server.on('request', async (request, response) => {
      if (request.method !== 'PUT' || request.url !== path) return response.writeHead(403).end()
      const chunks: Buffer[] = []
      let bytes = 0
      for await (const chunk of request) {
        bytes += chunk.length
        if (bytes > maxResponseBytes) return response.writeHead(413).end()
        chunks.push(chunk)
      }
      response.on('finish', () => resolve(Buffer.concat(chunks).toString()))
      return response.writeHead(200).end()
    })
  })
}

function readResponse(body: string): z.infer<typeof responseSchema> {
  try {
    return responseSchema.parse(JSON.parse(body))
  } catch (cause) {
    throw new Error('its function answered with what is not a custom resource response', { cause })
  }
}
