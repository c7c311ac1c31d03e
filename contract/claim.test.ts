import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatClaim, formatClaimUrl, parseClaim, parseClaimUrl } from './claim.ts'
import { thingNamePattern } from './thing-name.ts'

const claim = fc.record({ claimId: fc.stringMatching(/^[0-9a-f]{16}$/), secret: fc.stringMatching(/^[0-9a-f]{64}$/) })

test('a claim URL gives back the address, the thing and the claim', () => {
  fc.assert(
    fc.property(claim, fc.stringMatching(thingNamePattern), (some, thingName) => {
      const parsed = parseClaimUrl(`  ${formatClaimUrl('https://api.example/', thingName, some)}\n`)
      expect(parsed).toEqual({ url: 'https://api.example/v1/certificates', thingName, claim: formatClaim(some) })
      expect(parseClaim(parsed.claim)).toEqual(some)
    }),
  )
})

test('whatever is no claim is refused with one code, and its text is not repeated', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => parseClaim(`${text}SECRET`)).toThrow(
        expect.objectContaining({ code: 'CLAIM_UNKNOWN', message: expect.not.stringContaining('SECRET') }),
      )
      expect(() => parseClaimUrl(`https://api.example/v1/certificates?thing=a#${text}SECRET`)).toThrow(
        expect.objectContaining({ code: 'REQUEST_INVALID', message: expect.not.stringContaining('SECRET') }),
      )
    }),
  )
})
