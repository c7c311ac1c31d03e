import { expect, test } from 'vitest'
import { findProxy } from './find-proxy.ts'

const HTTPS_PROXY = 'http://proxy.example:3128'
const hostOf = (host: string, env: Record<string, string>, port = 443) => findProxy(host, port, env)?.host

test.each([
  [{}, undefined],
  [{ HTTPS_PROXY }, 'proxy.example:3128'],
  [{ https_proxy: 'http://small.example:1', HTTPS_PROXY }, 'small.example:1'],
  [{ https_proxy: '', HTTPS_PROXY }, 'proxy.example:3128'],
  [{ ALL_PROXY: 'https://all.example' }, 'all.example'],
  [{ HTTP_PROXY: 'http://plain.example' }, undefined],
  [{ HTTPS_PROXY: 'bare.example:8080' }, 'bare.example:8080'],
])('finds in %j the proxy %s', (env, proxy) => {
  expect(hostOf('api.example', env as Record<string, string>)).toBe(proxy)
})

test.each([
  ['api.example', '*', true],
  ['api.example', 'other.example, api.example', true],
  ['api.example', 'other.example api.example', true],
  ['API.Example.', 'api.example', true],
  ['eu.api.example', 'api.example', true],
  ['eu.api.example', '.api.example', true],
  ['eu.api.example', '*.api.example', true],
  ['myapi.example', 'api.example', false],
  ['api.example', 'api.example:443', true],
  ['api.example', 'api.example:8883', false],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['10.1.2.3', '10.0.0.0/99', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['fd00::1', '[fd00::1]:443', true],
  ['fd00::1', 'fd00::1', true],
  ['fd00::1', 'fd00::/8', true],
  ['api.example', '10.0.0.0/8', false],
])('for %s takes NO_PROXY=%s as %s', (host, NO_PROXY, isExempt) => {
  expect(hostOf(host, { HTTPS_PROXY, NO_PROXY })).toBe(isExempt ? undefined : 'proxy.example:3128')
})

test.each(['localhost', 'cloud.localhost', '127.0.0.1', '127.9.9.9', '::1'])('never proxies %s', (host) => {
  expect(hostOf(host, { HTTPS_PROXY })).toBeUndefined()
})

test.each(['socks5://user:word@proxy.example:1080', 'http://'])(
  'names %s as unusable, without its password',
  (proxy) => {
    expect(() => hostOf('api.example', { HTTPS_PROXY: proxy })).toThrow(
      expect.objectContaining({ code: 'PROXY_UNUSABLE', message: expect.not.stringContaining('word') }),
    )
  },
)
