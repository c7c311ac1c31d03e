import { DescribeThingCommand, IoTClient, ListThingsCommand, UpdateCertificateCommand } from '@aws-sdk/client-iot'
import { HttpRequest } from '@smithy/protocol-http'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AwsError, type Operations } from '#local/service.ts'
import { type GatewayFixture, region, startGateway } from './gateway-fixture.ts'
import { restJson } from './rest-json.ts'
import { compileRoutes, type RestRoute } from './rest-routes.ts'
import { createSigner } from './sigv4/signer-fixture.ts'

const inputs: unknown[] = []
const echo = (output: unknown) => (input: unknown) => {
  inputs.push(input)
  return output
}

const operations: Operations = {
  ListThings: echo({ things: [{ thingName: 'a', version: 3 }], nextToken: 'next' }),
  DescribeThing: () => {
    throw new AwsError('ResourceNotFoundException', 'Thing a/b c cannot be found.', 404, {
      members: { resourceId: 'a' },
    })
  },
  Publish: echo(undefined),
  GetRetained: echo({ payload: new Uint8Array([1, 2, 255]), topic: 't/1' }),
  Stamp: echo({ at: new Date('2026-01-02T03:04:05.678Z'), bytes: new Uint8Array([0, 255]), nothing: undefined }),
}

const routes: RestRoute[] = [
  {
    method: 'GET',
    path: '/things',
    operation: 'ListThings',
    query: {
      maxResults: 'integer',
      usePrefixAttributeValue: 'boolean',
      token: { member: 'nextToken', type: 'string' },
    },
  },
  { method: 'GET', path: '/things/{thingName}', operation: 'DescribeThing' },
  { method: 'PUT', path: '/certificates/{certificateId}', operation: 'UpdateCertificate' },
  {
    method: 'POST',
    path: '/topics/{topic}',
    operation: 'Publish',
    payload: 'payload',
    query: { qos: 'integer', tag: 'list' },
    headers: { 'x-amz-mqtt5-user-properties': 'userProperties' },
  },
  {
    method: 'GET',
    path: '/retained/{topic+}',
    operation: 'GetRetained',
    output: { payload: 'payload', headers: { topic: 'x-topic' } },
  },
  { method: 'POST', path: '/stamp', operation: 'Stamp', status: 202 },
]

let fixture: GatewayFixture
let iot: IoTClient

beforeAll(async () => {
  fixture = await startGateway(() => ({ iot: restJson({ operations, routes }) }))
  iot = new IoTClient(fixture.clientConfig)
})
afterAll(() => fixture.stop())

async function send(method: string, path: string, query: Record<string, string | string[]> = {}, body?: string) {
  const { host } = new URL(fixture.endpoint)
  const request = new HttpRequest({ method, path, query, headers: { host }, body })
  const { headers } = await createSigner({ service: 'iot', region, credentials: fixture.credentials }).sign(request)
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
  )
  return fetch(`${fixture.endpoint}${path}?${search}`, { method, headers, ...(body !== undefined && { body }) })
}

test('query parameters become values of their type', async () => {
  const { things, nextToken } = await iot.send(new ListThingsCommand({ maxResults: 7, usePrefixAttributeValue: true }))
  expect({ things, nextToken }).toEqual({ things: [{ thingName: 'a', version: 3 }], nextToken: 'next' })
  expect(inputs.at(-1)).toEqual({ maxResults: 7, usePrefixAttributeValue: true })
  await send('GET', '/things', { token: 'a b+c' })
  expect(inputs.at(-1)).toEqual({ nextToken: 'a b+c' })
})

test.each([{ maxResults: 'many' }, { usePrefixAttributeValue: 'perhaps' }])(
  'the query %j is refused',
  async (query) => {
    const response = await send('GET', '/things', query)
    expect(response.status).toBe(400)
    expect(response.headers.get('x-amzn-errortype')).toBe('InvalidRequestException')
  },
)

test('an error reaches the SDK with its name, message, members and request id', async () => {
  await expect(iot.send(new DescribeThingCommand({ thingName: 'a/b c' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'Thing a/b c cannot be found.',
    $metadata: { httpStatusCode: 404, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  })
})

test('a raw payload, its headers and repeated parameters reach the operation', async () => {
  const response = await send('POST', '/topics/a%2Fb', { qos: '1', tag: ['x', 'y'] }, '{"raw": 1}')
  expect(response.status).toBe(200)
  expect(inputs.at(-1)).toEqual({ topic: 'a/b', qos: 1, tag: ['x', 'y'], payload: Buffer.from('{"raw": 1}') })
})

test('a raw payload and headers come back', async () => {
  const response = await send('GET', '/retained/t/1')
  expect(inputs.at(-1)).toEqual({ topic: 't/1' })
  expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([1, 2, 255]))
  expect(response.headers.get('x-topic')).toBe('t/1')
})

test('dates are epoch seconds and bytes base64', async () => {
  const response = await send('POST', '/stamp', {}, '{"a":1}')
  expect(response.status).toBe(202)
  expect(await response.json()).toEqual({ at: 1767323045.678, bytes: 'AP8=' })
})

test.each(['{"a":', '[1]', '"text"', 'null'])('the body %s is refused', async (body) => {
  const response = await send('POST', '/stamp', {}, body)
  expect(response.status).toBe(400)
  expect(response.headers.get('x-amzn-errortype')).toBe('SerializationException')
})

test('an operation that is not there answers 501 by name, a path that is not by path', async () => {
  const update = iot.send(new UpdateCertificateCommand({ certificateId: 'c', newStatus: 'ACTIVE' }))
  await expect(update).rejects.toMatchObject({ message: expect.stringContaining('UpdateCertificate') })
  const response = await send('GET', '/nowhere')
  expect(response.status).toBe(501)
  expect(await response.text()).toContain('GET /nowhere')
})

test('a path that is not UTF-8 is refused', async () => {
  expect((await send('GET', '/things/%FF')).status).toBe(400)
})

test('a literal segment goes before a label, a label before a greedy one', () => {
  const match = compileRoutes(
    ['/{rest+}', '/a/{label}', '/a/literal', '/a/{label}/deep', '/a/literal/other'].map((path) => ({
      method: 'GET',
      path,
      operation: path,
    })),
  )
  const find = (path: string) => match('GET', path)?.route.operation
  expect(find('/a/literal')).toBe('/a/literal')
  expect(find('/a/other')).toBe('/a/{label}')
  expect(find('/a/literal/deep')).toBe('/a/{label}/deep')
  expect(find('/a/literal/other')).toBe('/a/literal/other')
  expect(find('/a/b/c/d')).toBe('/{rest+}')
  expect(match('POST', '/a/literal')).toBeUndefined()
})

test('whatever stands in a label arrives as it was', () => {
  const match = compileRoutes([{ method: 'GET', path: '/things/{thingName}/x', operation: 'o' }])
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.isWellFormed()),
      (thingName) => {
        expect(match('GET', `/things/${encodeURIComponent(thingName)}/x`)?.labels).toEqual({ thingName })
      },
    ),
  )
})
