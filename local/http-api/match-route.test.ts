import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchRoute } from './match-route.ts'
import { readProxyResponse } from './proxy-response.ts'
import type { Route } from './types.ts'

const routesOf = (...keys: string[]): Route[] =>
  keys.map((RouteKey) => ({
    ApiId: 'api',
    RouteId: RouteKey,
    RouteKey,
    Target: 'integrations/x',
    AuthorizationType: 'NONE',
  }))

test.each([
  ['a literal before a variable', ['GET /a/{x}', 'GET /a/b'], '/a/b', 'GET /a/b'],
  ['a variable before a greedy one', ['GET /a/{x+}', 'GET /a/{y}'], '/a/b', 'GET /a/{y}'],
  ['the longer greedy one', ['GET /{x+}', 'GET /a/{x+}'], '/a/b/c', 'GET /a/{x+}'],
  ['a method before ANY', ['ANY /a', 'GET /a'], '/a', 'GET /a'],
  ['a greedy one before $default', ['$default', 'GET /{x+}'], '/a', 'GET /{x+}'],
  ['$default for the rest', ['$default', 'POST /a'], '/a', '$default'],
  ['nothing', ['GET /a/{x}'], '/a/', undefined],
])('%s', (_name, keys, path, expected) => {
  expect(matchRoute(routesOf(...keys), 'GET', path)?.route.RouteKey).toBe(expected)
})

test('path variables are decoded, whatever they hold', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (value) => {
      const match = matchRoute(routesOf('GET /a/{x}/b'), 'GET', `/a/${encodeURIComponent(value)}/b`)
      expect(match?.pathParameters).toEqual({ x: value })
    }),
  )
})

test('any JSON is a response or is refused', () => {
  fc.assert(
    fc.property(fc.json(), (payload) => {
      const response = readProxyResponse(payload)
      if (response) expect(response.status).toBeGreaterThanOrEqual(100)
    }),
  )
})
