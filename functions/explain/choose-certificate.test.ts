import { expect, test } from 'vitest'
import type { CertificateState } from '#contract/certificate-state.ts'
import { chooseCertificate } from './choose-certificate.ts'
import { absent, entry, failed, found, thing } from './test-facts.ts'

const listed = (...certificates: readonly (readonly [string, CertificateState, string])[]) =>
  found(
    certificates.map(([certificateId, state, day]) => ({
      ...entry,
      certificateId,
      state,
      createdAt: `2026-01-${day}`,
    })),
  )
const claims = found([{ claimId: '0123456789abcdef', expiresAt: '2026-06-01T00:00:00.000Z' }])
const unheld = { ...thing, entry: absent }

test('the certificate that holds the thing comes before every other', () => {
  expect(chooseCertificate({ ...thing, claims, certificates: listed(['newer', 'vended', '09']) })).toBe(
    entry.certificateId,
  )
})

test('then the newest that may come to hold it', () => {
  const certificates = listed(['older', 'quarantined', '02'], ['newer', 'vended', '03'], ['newest', 'revoked', '04'])
  expect(chooseCertificate({ ...unheld, claims, certificates })).toBe('newer')
})

test('none, while a claim is to bring one in the place of what ended', () => {
  const certificates = listed(['older', 'revoked', '02'])
  expect(chooseCertificate({ ...unheld, claims, certificates })).toBeUndefined()
  expect(chooseCertificate({ ...unheld, certificates })).toBe('older')
})

test('what is attached without the ledger’s knowledge, or while the ledger does not answer', () => {
  expect(chooseCertificate({ ...unheld, certificates: found([]), attached: found(['foreign']) })).toBe('foreign')
  const silent = { ...thing, entry: failed, certificates: failed, claims: failed }
  expect(chooseCertificate({ ...silent, attached: found(['foreign']) })).toBe('foreign')
  expect(chooseCertificate({ ...silent, attached: failed })).toBeUndefined()
})
