import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '#local/store.ts'
import { createSessions } from './sessions.ts'

const MINUTE_MS = 60_000
const message = { brokerId: 'b', brokerCounter: 1, topic: 't', payload: Buffer.from('x') }

function openSessions(file: string, now: { ms: number }) {
  return createSessions(openStore(file), () => new Date(now.ms))
}

test('a session waits an hour for its client, and starts to wait when the broker was killed under it', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'sessions-')), 'broker.db')
  const now = { ms: 0 }
  const sessions = openSessions(file, now)
  for (const clientId of ['early', 'late']) {
    sessions.subscriptions.put({ clientId, topic: 't', qos: 1 })
    sessions.queue.put(clientId, message)
    sessions.leave(clientId)
  }
  sessions.subscriptions.put({ clientId: 'killed', topic: 't/#', qos: 1 })

  now.ms = 59 * MINUTE_MS
  const reopened = openSessions(file, now)
  reopened.expire('early')
  expect([...reopened.queue.read('early')]).toHaveLength(1)
  now.ms = 60 * MINUTE_MS
  reopened.expire('late')
  expect([...reopened.queue.read('late')]).toHaveLength(0)
  expect(reopened.subscriptions.clients()).toEqual(['early', 'killed'])

  reopened.resume('early')
  now.ms = (59 + 60) * MINUTE_MS
  reopened.expire('early')
  reopened.expire('killed')
  expect(reopened.subscriptions.clients()).toEqual(['early'])
})

test('a message waits once for a client whose subscriptions overlap', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'sessions-')), 'broker.db')
  const { subscriptions } = openSessions(file, { ms: 0 })
  subscriptions.put({ clientId: 'a', topic: 't/1', qos: 0 })
  subscriptions.put({ clientId: 'a', topic: 't/+', qos: 1 })
  subscriptions.put({ clientId: 'b', topic: '#', qos: 1 })
  expect(subscriptions.matching('t/1')).toEqual([
    { clientId: 'a', topic: 't/+', qos: 1 },
    { clientId: 'b', topic: '#', qos: 1 },
  ])
  subscriptions.remove('a', 't/+')
  expect(subscriptions.matching('t/2')).toEqual([{ clientId: 'b', topic: '#', qos: 1 }])
})
