import { expect, test } from 'vitest'
import { createCredentialCache } from './credential-cache.ts'
import type { Credentials } from './credentials.ts'
import { DeviceFault } from './device-fault.ts'

const minuteMs = 60_000

/** A cache whose provider answers from a script, each set living an hour, and whose time is set by hand. */
function createScripted(...script: (DeviceFault | 'credentials')[]) {
  let now = 0
  let requests = 0
  const fetch = async (): Promise<Credentials> => {
    const next = script[requests++]
    if (next instanceof DeviceFault) throw next
    return {
      accessKeyId: `A${requests}`,
      secretAccessKey: 's',
      sessionToken: 't',
      expiration: new Date(now + 60 * minuteMs),
    }
  }
  const cache = createCredentialCache(fetch, { clock: () => new Date(now), monotonicMs: () => now })
  const pass = (minutes: number) => {
    now += minutes * minuteMs
  }
  return { cache, requests: () => requests, pass }
}

const fault = (code: ConstructorParameters<typeof DeviceFault>[0]) => new DeviceFault(code, 'no')

test('fetches a new set five minutes ahead of the end, once for all who ask', async () => {
  const { cache, requests, pass } = createScripted('credentials', 'credentials')
  await cache.get()
  pass(54)
  expect((await cache.get()).accessKeyId).toBe('A1')
  pass(1)
  expect((await Promise.all([cache.get(), cache.get()])).map((set) => set.accessKeyId)).toEqual(['A2', 'A2'])
  expect(requests()).toBe(2)
})

test.each([
  ['ROLE_ALIAS_DENIED', 2],
  ['CREDENTIALS_REFUSED', 2],
  ['CREDENTIALS_UNAVAILABLE', 1],
  ['CREDENTIALS_THROTTLED', 2],
  ['CREDENTIALS_UNPARSABLE', 5],
  ['ANSWER_INVALID', 5],
] as const)('keeps %s for %d min', async (code, minutes) => {
  const { cache, requests, pass } = createScripted(fault(code), 'credentials')
  await expect(cache.get()).rejects.toMatchObject({ code })
  pass(minutes - 0.01)
  await expect(cache.get()).rejects.toMatchObject({ code })
  expect(requests()).toBe(1)
  pass(0.01)
  expect((await cache.get()).accessKeyId).toBe('A2')
})

test('keeps no failure of the connection', async () => {
  const { cache } = createScripted(fault('CONNECTION_LOST'), 'credentials')
  await expect(cache.get()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  expect((await cache.get()).accessKeyId).toBe('A2')
})

test('goes on with the present set while a new one is refused, until it ends', async () => {
  const { cache, requests, pass } = createScripted(
    'credentials',
    fault('ROLE_ALIAS_DENIED'),
    fault('CONNECTION_LOST'),
    fault('CONNECTION_LOST'),
  )
  await cache.get()
  pass(56)
  expect((await cache.get()).accessKeyId).toBe('A1')
  expect((await cache.get()).accessKeyId).toBe('A1')
  expect(requests()).toBe(2)
  pass(3)
  expect((await cache.get()).accessKeyId).toBe('A1')
  pass(1)
  await expect(cache.get()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
})

test('discards a set that a service calls expired, but not its successor', async () => {
  const { cache } = createScripted('credentials', 'credentials')
  const first = await cache.get()
  cache.discard(first)
  const second = await cache.get()
  cache.discard(first)
  expect(second.accessKeyId).toBe('A2')
  expect(await cache.get()).toBe(second)
})
