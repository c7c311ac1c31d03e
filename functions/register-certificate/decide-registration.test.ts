import { expect, test } from 'vitest'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import { decideRegistration } from './decide-registration.ts'

const now = new Date('2026-05-01T12:00:00.000Z')
const connectedAt = new Date('2026-05-01T11:59:59.000Z')
const entry: CertificateEntry = {
  certificateId: 'a'.repeat(64),
  thingName: 'press-7',
  attributes: {},
  state: 'vended',
  claimId: '0123456789abcdef',
  notAfter: '2027-05-01T12:00:00.000Z',
}

test('a vended certificate registers', () => {
  expect(decideRegistration(entry, connectedAt, now)).toEqual({ kind: 'register', entry })
})

test('a certificate that the ledger does not know is quarantined', () => {
  expect(decideRegistration(undefined, connectedAt, now)).toEqual({ kind: 'quarantine', reason: 'CERTIFICATE_UNKNOWN' })
})

test('an expired certificate is quarantined, from the very moment on', () => {
  const expired = { ...entry, notAfter: now.toISOString() }
  expect(decideRegistration(expired, connectedAt, now)).toEqual({ kind: 'quarantine', reason: 'CERTIFICATE_EXPIRED' })
})

test('an event from before the activation is an echo; one from after it registers again', () => {
  const active = { ...entry, state: 'active', activatedAt: '2026-05-01T11:59:59.500Z' } as const
  expect(decideRegistration(active, connectedAt, now).kind).toBe('ignore')
  expect(decideRegistration(active, new Date('2026-05-01T11:59:59.501Z'), now).kind).toBe('register')
})

test('a quarantined certificate stays so, whatever comes', () => {
  expect(decideRegistration({ ...entry, state: 'quarantined' }, now, now).kind).toBe('ignore')
})

test('a bad thing name in the ledger never becomes a thing', () => {
  const bad = { ...entry, thingName: 'press/../7' }
  expect(decideRegistration(bad, connectedAt, now)).toEqual({ kind: 'quarantine', reason: 'THING_NAME_INVALID' })
})
