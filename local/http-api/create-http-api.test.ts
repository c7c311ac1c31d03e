import { request as sendRequest } from 'node:http'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect, test } from 'vitest'
import { deploy, functionResources, openCloud } from '../cloud.fixture.ts'
import type { Cloud } from '../cloud.ts'
import { Sha256 } from './sha256-fixture.ts'

const routes = {
  'POST /v1/echo/{id}': 'AWS_IAM',
  'GET /open': 'NONE',
  'ANY /files/{proxy+}': 'NONE',
  'GET /files/special': 'NONE',
}

function template(more: { api?: object; stage?: object; permission?: boolean; timeoutMs?: number } = {}) {
  const api = { Ref: 'Api' }
  const routeResources = Object.entries(routes).map(([RouteKey, AuthorizationType], index) => [
    `Route${index}`,
    {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: api,
        RouteKey,
        AuthorizationType,
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
  ])
  return {
    Resources: {
      ...functionResources('Echo', 'echo'),
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP', ...more.api } },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: api,
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: { 'Fn::GetAtt': ['Echo', 'Arn'] },
          PayloadFormatVersion: '2.0',
          TimeoutInMillis: more.timeoutMs ?? 30_000,
        },
      },
      ...Object.fromEntries(routeResources),
      Stage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId: api, StageName: '$default', AutoDeploy: true, ...more.stage },
      },
      ...(more.permission !== false && {
        Permission: {
          Type: 'AWS::Lambda::Permission',
          Properties: {
            Action: 'lambda:InvokeFunction',
            FunctionName: { 'Fn::GetAtt': ['Echo', 'Arn'] },
            Principal: 'apigateway.amazonaws.com',
            SourceArn: { 'Fn::Sub': `arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*/*/*` },
          },
        },
      }),
    },
  }
}

const echo = `exports.handler = async (event) => {
  if (event.rawPath === '/open' && event.rawQueryString) {
    const { act } = event.queryStringParameters
    if (act === 'throw') throw new Error('secret detail')
    if (act === 'hang') await new Promise(() => {})
    return JSON.parse(act)
  }
  return { statusCode: 201, headers: { 'X-Own': 'yes', 'content-type': 'application/json' }, cookies: ['a=1', 'b=2'], body: JSON.stringify(event) }
}`

async function startApi(more?: Parameters<typeof template>[0]) {
  const cloud = await openCloud()
  await deploy(cloud, template(more), { echo })
  return cloud
}

async function sendSigned(cloud: Cloud, path: string, body: string, credentials = cloud.operatorCredentials) {
  const { hostname, port } = new URL(cloud.endpoints.api)
  const signer = new SignatureV4({ service: 'execute-api', region: cloud.region, credentials, sha256: Sha256 })
  const url = new URL(path, cloud.endpoints.api)
  const request = new HttpRequest({
    method: 'POST',
    hostname,
    port: Number(port),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: `${hostname}:${port}`, 'content-type': 'application/json', 'user-agent': 'tester' },
    body,
  })
  const { headers } = await signer.sign(request)
  return fetch(url, { method: 'POST', headers, body })
}

test('a signed request reaches the function as an event of format 2.0', async () => {
  const cloud = await startApi()
  const response = await sendSigned(cloud, '/v1/echo/a%20b?x=1&y=2', '{"n":1}')
  expect(response.status).toBe(201)
  expect(response.headers.get('x-own')).toBe('yes')
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  const event = (await response.json()) as Record<string, unknown>
  expect(event).toMatchObject({
    version: '2.0',
    routeKey: 'POST /v1/echo/{id}',
    rawPath: '/v1/echo/a b',
    rawQueryString: 'x=1&y=2',
    queryStringParameters: { x: '1', y: '2' },
    pathParameters: { id: 'a b' },
    body: '{"n":1}',
    isBase64Encoded: false,
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '127.0.0.1' },
    requestContext: {
      accountId: '000000000000',
      http: { method: 'POST', path: '/v1/echo/a b', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'tester' },
      routeKey: 'POST /v1/echo/{id}',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      authorizer: {
        iam: {
          accessKey: cloud.operatorCredentials.accessKeyId,
          userArn: 'arn:aws:iam::000000000000:user/operator',
        },
      },
    },
  })
})

test('who may not call a route gets 403 and nothing else', async () => {
  const cloud = await startApi()
  const forbidden = async (response: Response) =>
    expect([response.status, await response.json()]).toEqual([403, { message: 'Forbidden' }])
  await forbidden(await fetch(`${cloud.endpoints.api}/v1/echo/1`, { method: 'POST' }))
  await forbidden(
    await sendSigned(cloud, '/v1/echo/1', '{}', { ...cloud.operatorCredentials, secretAccessKey: 'wrong' }),
  )
  await forbidden(await sendSigned(cloud, '/v1/echo/1', '{}', { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }))
})

test('routes are matched as API Gateway does', async () => {
  const cloud = await startApi()
  const routeOf = async (path: string, method = 'GET') => {
    const response = await fetch(`${cloud.endpoints.api}${path}`, { method })
    return response.status === 404 ? await response.json() : ((await response.json()) as { routeKey: string }).routeKey
  }
  expect(await routeOf('/files/special')).toBe('GET /files/special')
  expect(await routeOf('/files/special', 'PUT')).toBe('ANY /files/{proxy+}')
  expect(await routeOf('/files/a/b')).toBe('ANY /files/{proxy+}')
  expect(await routeOf('/files')).toEqual({ message: 'Not Found' })
  expect(await routeOf('/nothing')).toEqual({ message: 'Not Found' })
})

test('what the function returns becomes the response', async () => {
  const cloud = await startApi()
  const act = async (answer: unknown) => {
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
    const response = await fetch(`${cloud.endpoints.api}/open?act=${encodeURIComponent(text)}`)
    return [response.status, response.headers.get('content-type'), await response.text()]
  }
  expect(await act({ statusCode: 200, body: 'eA==', isBase64Encoded: true })).toEqual([
    200,
    'text/plain; charset=utf-8',
    'x',
  ])
  expect(await act({ plain: true })).toEqual([200, 'application/json', '{"plain":true}'])
  expect(await act('"text"')).toEqual([200, 'application/json', 'text'])
  const failed = [500, 'application/json', '{"message":"Internal Server Error"}']
  expect(await act({ statusCode: 'many' })).toEqual(failed)
  expect(await act({ statusCode: 200, headers: { x: [] } })).toEqual(failed)
  expect(await act('throw')).toEqual(failed)
})

test('a function that is too slow is not waited for', async () => {
  const cloud = await startApi({ timeoutMs: 100 })
  const response = await fetch(`${cloud.endpoints.api}/open?act=hang`)
  expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }])
})

test('without its permission the API may not invoke the function', async () => {
  const cloud = await startApi({ permission: false })
  const response = await fetch(`${cloud.endpoints.api}/files/x`)
  expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }])
  expect(cloud.lines.join()).toContain('not authorized to perform: lambda:InvokeFunction')
})

test('CORS, throttling, large bodies and foreign hosts', async () => {
  const cloud = await startApi({
    api: { CorsConfiguration: { AllowOrigins: ['https://console.example'], AllowMethods: ['GET'], MaxAge: 60 } },
    stage: { DefaultRouteSettings: { ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 2 } },
  })
  const url = `${cloud.endpoints.api}/files/x`
  const origin = 'https://console.example'
  const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
  expect(preflight.headers.get('access-control-max-age')).toBe('60')
  const foreign = await fetch(url, { headers: { origin: 'https://evil.example' } })
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
  const large = await fetch(url, { method: 'POST', body: new Uint8Array(10 * 1024 * 1024 + 1) })
  expect(large.status).toBe(413)
  expect((await fetch(url)).status).toBe(429)
  const status = await new Promise((resolve, reject) => {
    const request = sendRequest(url, { headers: { host: 'evil.example' } }, (response) => resolve(response.statusCode))
    request.on('error', reject)
    request.end()
  })
  expect(status).toBe(403)
})
