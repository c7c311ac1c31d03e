import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import { explainWay } from './explain-way.ts'
import { explain, factsWith, failed, found, now, type StepName } from './test-facts.ts'

test('an answer that is missing leaves the other steps as they are', () => {
  const whole = explain({})
  const steps = explain({ stack: { rolePolicies: failed } })
  const changed = Object.keys(steps).filter(
    (name) => steps[name as StepName].outcome !== whole[name as StepName].outcome,
  )
  expect(changed).toEqual(['role', 'credentials', 'upload'])
})

test('a thing whose name begins with a dash stays one argument', () => {
  const facts = { ...factsWith({ thing: { attached: found([]) } }), thingName: '--help' }
  const mend = explainWay(facts, now).find(({ step }) => step === 'thing')?.mend
  expect(mend).toContain(' --thing-name=--help ')
})

test('no reason gets into a command, or out of its quotes', () => {
  const states = fc.constantFrom<CertificateEntry['state'][]>('quarantined', 'rejected', 'revoked', 'retired')
  fc.assert(
    fc.property(states, fc.string({ minLength: 1, unit: 'binary' }), (state, text) => {
      const reason = `${text} nasty`
      for (const { finding, mend = '' } of Object.values(explain({ entry: { state, reason }, status: 'INACTIVE' }))) {
        expect(finding.replaceAll(JSON.stringify(reason), '')).not.toContain('nasty')
        expect(finding).not.toMatch(/[\n\r]/)
        expect(mend).not.toContain('nasty')
      }
    }),
  )
})
