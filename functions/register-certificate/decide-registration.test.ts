import { expect, test } from 'vitest'
import { type CertificateState, certificateStates } from '#contract/certificate-state.ts'
import { registrationRulesSchema } from '#contract/registration-rules.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import type { ThingEntry } from '../stores/thing-store.ts'
import { type Circumstances, decideRegistration } from './decide-registration.ts'

const now = new Date('2026-05-01T12:00:00.000Z')
const entry: CertificateEntry = {
  certificateId: 'a'.repeat(64),
  thingName: 'press-7',
  attributes: {},
  state: 'vended',
  origin: 'claim',
  claimId: '0123456789abcdef',
  caCertificateId: 'c'.repeat(64),
  serialNumber: '4f00',
  notAfter: '2027-05-01T12:00:00.000Z',
  createdAt: '2026-05-01T11:00:00.000Z',
  changedAt: '2026-05-01T11:00:00.000Z',
}
const rules = (input: object = {}) => registrationRulesSchema.parse(input)
const circumstances: Circumstances = {
  thing: undefined,
  isKnown: true,
  rules: rules(),
  catalog: { thingTypeNames: ['meter', 'camera'], thingGroupNames: ['north'] },
  connectedAt: new Date('2026-05-01T11:59:59.000Z'),
  now,
}
const holder = 'b'.repeat(64)
const heldThing: ThingEntry = {
  thingName: 'press-7',
  state: 'active',
  certificateId: holder,
  attributes: {},
  changedAt: '2026-05-01T11:00:00.000Z',
}

function decide(change: Partial<CertificateEntry> = {}, other: Partial<Circumstances> = {}) {
  return decideRegistration({ ...entry, ...change }, { ...circumstances, ...other })
}
const quarantine = (reason: string) => ({ kind: 'quarantine', reason })

test('a vended certificate registers and holds its thing', () => {
  expect(decide()).toEqual({ kind: 'register', entry, as: 'holder' })
})

test('only what is vended, approved or active may register', () => {
  const kinds = Object.fromEntries(certificateStates.map((state) => [state, decide({ state }).kind]))
  expect(kinds satisfies Record<string, string>).toEqual({
    vended: 'register',
    approved: 'register',
    active: 'register',
    quarantined: 'refuse',
    rejected: 'refuse',
    retired: 'refuse',
    revoked: 'refuse',
  } satisfies Record<CertificateState, string>)
})

test('a certificate that the ledger does not know is quarantined, unless the rules let any of a registered CA in', () => {
  expect(decide({ origin: 'device' }, { isKnown: false })).toEqual(quarantine('CERTIFICATE_UNKNOWN'))
  const open = { isKnown: false, rules: rules({ accept: 'registered-ca' }) }
  expect(decide({ origin: 'device' }, open).kind).toBe('register')
  expect(decide({ origin: 'device' }, { ...open, flaw: 'CERTIFICATE_KEY_WEAK' })).toEqual(
    quarantine('CERTIFICATE_KEY_WEAK'),
  )
})

test('an expired certificate is quarantined, from the very moment on', () => {
  expect(decide({ notAfter: now.toISOString() })).toEqual(quarantine('CERTIFICATE_EXPIRED'))
})

test('an event from before the activation is an echo; one from after it registers again', () => {
  const active = { state: 'active', activatedAt: '2026-05-01T11:59:59.500Z' } as const
  expect(decide(active).kind).toBe('ignore')
  expect(decide(active, { connectedAt: new Date('2026-05-01T11:59:59.501Z') }).kind).toBe('register')
})

test('a bad thing name in the ledger never becomes a thing', () => {
  for (const state of ['vended', 'approved', 'active'] as const) {
    expect(decide({ thingName: 'press/../7', state })).toEqual(quarantine('THING_NAME_INVALID'))
  }
})

test('a clone never takes a thing over; what an operator said replaces the holder does', () => {
  expect(decide({}, { thing: heldThing })).toEqual(quarantine('THING_HELD'))
  expect(decide({ state: 'approved' }, { thing: heldThing })).toEqual(quarantine('THING_HELD'))
  expect(decide({ replaces: true }, { thing: heldThing })).toMatchObject({ as: 'holder', instead: holder })
  expect(decide({}, { thing: { ...heldThing, certificateId: entry.certificateId } })).toMatchObject({ as: 'holder' })
})

test('a renewal stands beside its holder while it is the newest, and falls with it', () => {
  const renewal = { origin: 'renewal', successorOf: holder } as const
  const thing = { ...heldThing, successorId: entry.certificateId }
  expect(decide(renewal, { thing })).toMatchObject({ kind: 'register', as: 'successor' })
  expect(decide(renewal, { thing: { ...heldThing, successorId: 'd'.repeat(64) } }).kind).toBe('refuse')
  expect(decide(renewal, { thing: { ...thing, certificateId: 'e'.repeat(64) } }).kind).toBe('refuse')
  expect(decide(renewal, { thing: undefined }).kind).toBe('refuse')
})

test.each([
  [{ deny: { things: ['press-*'] } }, 'CERTIFICATE_DENIED'],
  [{ deny: { serialNumbers: ['4f00'] } }, 'CERTIFICATE_DENIED'],
  [{ deny: { caCertificateIds: ['c'.repeat(64)] } }, 'CERTIFICATE_DENIED'],
  [{ allow: { things: ['meter-*'] } }, 'CERTIFICATE_DENIED'],
  [{ allow: { things: ['press-?'] }, deny: { serialNumbers: ['4f00'] } }, 'CERTIFICATE_DENIED'],
  [{ thingNames: 'meter-*' }, 'THING_NAME_REFUSED'],
])('by the rules %j it is quarantined as %s', (input, reason) => {
  expect(decide({}, { rules: rules(input) })).toEqual(quarantine(reason))
  // An operator who approves it has seen that.
  expect(decide({ state: 'approved' }, { rules: rules(input) }).kind).toBe('register')
})

test('what any member of the allowed names is let in', () => {
  for (const allow of [{ things: ['press-*'] }, { serialNumbers: ['4f00'] }, { caCertificateIds: ['c'.repeat(64)] }]) {
    expect(decide({}, { rules: rules({ allow: { serialNumbers: ['ff'], ...allow } }) }).kind).toBe('register')
  }
})

test('a thing type or group that the stack has not is told, not created', () => {
  expect(decide({ thingTypeName: 'camera', thingGroupName: 'north' }).kind).toBe('register')
  expect(decide({ thingTypeName: 'toaster' })).toEqual(quarantine('THING_TYPE_UNKNOWN'))
  expect(decide({ thingGroupName: 'south' })).toEqual(quarantine('THING_GROUP_UNKNOWN'))
})
