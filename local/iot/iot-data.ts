import { restJson } from '#local/gateway/rest-json.ts'
import type { RestRoute } from '#local/gateway/rest-routes.ts'
import { AwsError, type Call, type HttpService, notImplemented, type Operations } from '#local/service.ts'
import type { Broker } from './broker/broker.ts'
import { MAX_PAYLOAD_BYTES } from './mqtt-limits.ts'
import { isTopicName } from './topic-filter.ts'
import { parseBasicIngest, topicLimitBroken } from './topic-limits.ts'

const MAX_PAGE = 200

// Shapes of botocore's iot-data model.
interface PublishRequest {
  readonly topic: string
  readonly qos?: number
  readonly retain?: boolean
  readonly payload?: Uint8Array
}

interface ListRetainedMessagesRequest {
  readonly nextToken?: string
  readonly maxResults?: number
}

const mqtt5Members = [
  'userProperties',
  'payloadFormatIndicator',
  'contentType',
  'responseTopic',
  'correlationData',
  'messageExpiry',
]

const routes: readonly RestRoute[] = [
  {
    method: 'POST',
    path: '/topics/{topic+}',
    operation: 'Publish',
    payload: 'payload',
    query: {
      qos: 'integer',
      retain: 'boolean',
      contentType: 'string',
      responseTopic: 'string',
      messageExpiry: 'integer',
    },
    headers: {
      'x-amz-mqtt5-user-properties': 'userProperties',
      'x-amz-mqtt5-payload-format-indicator': 'payloadFormatIndicator',
      'x-amz-mqtt5-correlation-data': 'correlationData',
    },
  },
  { method: 'GET', path: '/retainedMessage/{topic+}', operation: 'GetRetainedMessage' },
  {
    method: 'GET',
    path: '/retainedMessage',
    operation: 'ListRetainedMessages',
    query: { nextToken: 'string', maxResults: 'integer' },
  },
  { method: 'DELETE', path: '/connections/{clientId}', operation: 'DeleteConnection' },
  { method: 'GET', path: '/things/{thingName}/shadow', operation: 'GetThingShadow' },
  { method: 'POST', path: '/things/{thingName}/shadow', operation: 'UpdateThingShadow' },
  { method: 'DELETE', path: '/things/{thingName}/shadow', operation: 'DeleteThingShadow' },
  {
    method: 'GET',
    path: '/api/things/shadow/ListNamedShadowsForThing/{thingName}',
    operation: 'ListNamedShadowsForThing',
  },
]

export interface IotDataOptions {
  readonly broker: Pick<Broker, 'publish' | 'retained'>
  readonly accountId: string
  readonly region: string
}

/** AWS IoT's data plane for signed HTTPS callers (signing name `iotdata`). */
export function createIotData({ broker, accountId, region }: IotDataOptions): {
  operations: Operations
  service: HttpService
} {
  const topicArn = (topic: string) => `arn:aws:iot:${region}:${accountId}:topic/${topic}`

  const operations = {
    async Publish(input: PublishRequest, call: Call): Promise<void> {
      const { topic, qos = 0, retain = false, payload = new Uint8Array() } = input
      for (const member of mqtt5Members) if (member in input) throw notImplemented(`${member} of Publish`)
      checkTopic(topic)
      if (qos !== 0 && qos !== 1) throw invalidRequest('QoS must be 0 or 1')
      if (payload.length > MAX_PAYLOAD_BYTES) throw invalidRequest('The payload is larger than 128 KB')
      call.authorize('iot:Publish', topicArn(topic))
      if (retain) call.authorize('iot:RetainPublish', topicArn(topic))
      const publisher = { principal: call.caller.userId, sourceIp: call.sourceIp }
      await broker.publish({ topic, qos, retain, payload: Buffer.from(payload) }, publisher)
    },

    GetRetainedMessage({ topic }: { topic: string }, call: Call) {
      call.authorize('iot:GetRetainedMessage', topicArn(topic))
      const message = broker.retained.get(topic)
      if (!message) throw new AwsError('ResourceNotFoundException', `No retained message on ${topic}`, 404)
      const { payload, qos, modifiedAtMs } = message
      return { topic, payload, qos, lastModifiedTime: modifiedAtMs }
    },

    ListRetainedMessages({ nextToken, maxResults = MAX_PAGE }: ListRetainedMessagesRequest, call: Call) {
      if (maxResults < 1 || maxResults > MAX_PAGE) throw invalidRequest(`maxResults must be 1 to ${MAX_PAGE}`)
      call.authorize('iot:ListRetainedMessages', '*')
      const after = nextToken === undefined ? '' : Buffer.from(nextToken, 'base64url').toString()
      const messages = broker.retained.list({ after, limit: maxResults + 1 })
      const page = messages.slice(0, maxResults)
      const retainedTopics = page.map(({ topic, payload, qos, modifiedAtMs }) => ({
        topic,
        payloadSize: payload.length,
        qos,
        lastModifiedTime: modifiedAtMs,
      }))
      if (messages.length === page.length) return { retainedTopics }
      return { retainedTopics, nextToken: Buffer.from(page.at(-1)?.topic ?? '').toString('base64url') }
    },
  }
  return { operations, service: restJson({ operations, routes }) }
}

function checkTopic(topic: string): void {
  if (!isTopicName(topic)) throw invalidRequest(`${JSON.stringify(topic)} is not a topic`)
  const broken = topicLimitBroken(topic)
  if (broken !== undefined) throw invalidRequest(broken)
  if (topic.startsWith('$') && !parseBasicIngest(topic)) throw notImplemented(`publishing to ${topic}`)
}

function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequestException', message)
}
