import { createHash, timingSafeEqual } from 'node:crypto'
import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import { parseClaim, unknownClaim } from '#contract/claim.ts'
import { Fault } from '#contract/fault.ts'
import type { ClaimEntry, ClaimStore } from '../stores/claim-store.ts'
import type { IssuedCertificate } from '../stores/issued-certificate.ts'
import { hashPublicKey } from '../x509/certificate-fields.ts'
import { type CertificateRequest, parseCsr } from './parse-csr.ts'
import { certificateAnswerOf, ledgerEntryOf, type Vending } from './vending.ts'

/**
 * Trades a claim and a CSR for a certificate. Everything is checked before the claim is touched; the claim is spent in the
 * same write that keeps the certificate; and who asks again with the same claim and key, because the answer was lost or
 * we died after that write, gets the same certificate.
 */
export async function vendCertificate(
  vending: Vending,
  input: { readonly claim: string; readonly csr: string },
  requestId: string,
): Promise<CreateCertificateResponse> {
  const now = vending.clock()
  const request = await parseCsr(input.csr)
  const claim = await findClaim(vending.claims, input.claim)
  if (request.thingName !== claim.thingName) {
    throw new Fault('CSR_THING_MISMATCH', 'the CSR names another thing than the claim', {
      hint: 'make the CSR for the thing that the claim is for: the claim URL names it',
    })
  }
  const issued = claim.issued ?? (await issueCertificate(vending, claim, request, requestId))
  if (issued.publicKeyHash !== hashPublicKey(request.publicKey)) throw usedClaim()
  const { thingName, thingTypeName, thingGroupName, attributes, claimId, replaces } = claim
  const thing = { thingName, thingTypeName, attributes }
  await vending.ledger.add(ledgerEntryOf(issued, { ...thing, thingGroupName, claimId, replaces, origin: 'claim' }, now))
  await vending.things.note({ ...thing, state: 'vended' }, now)
  return certificateAnswerOf(issued, thing, vending.device)
}

async function findClaim(claims: ClaimStore, text: string): Promise<ClaimEntry> {
  const { claimId, secret } = parseClaim(text)
  const claim = await claims.find(claimId)
  const hash = createHash('sha256').update(secret).digest()
  if (!claim || !timingSafeEqual(hash, Buffer.from(claim.secretHash, 'hex'))) throw unknownClaim()
  return claim
}

async function issueCertificate(
  { claims, sign, clock }: Vending,
  claim: ClaimEntry,
  request: CertificateRequest,
  requestId: string,
): Promise<IssuedCertificate> {
  const now = clock()
  if (claim.revokedAt !== undefined) throw revokedClaim()
  if (now.toISOString() >= claim.expiresAt) {
    throw new Fault('CLAIM_EXPIRED', `the claim expired at ${claim.expiresAt}`, {
      hint: 'make another: thingdrop claims create --thing NAME',
    })
  }
  if (!(await claims.reserve(claim.claimId, requestId, now))) throw await whyNotReserved(claims, claim.claimId)
  try {
    const issued = await sign(request, now)
    if (await claims.spend(claim, requestId, issued)) return issued
  } catch (error) {
    await claims.release(claim.claimId, requestId)
    throw error
  }
  throw await whyNotReserved(claims, claim.claimId)
}

async function whyNotReserved(claims: ClaimStore, claimId: string): Promise<Fault> {
  const claim = await claims.find(claimId)
  if (claim?.issued) return usedClaim()
  if (claim?.revokedAt !== undefined) return revokedClaim()
  return new Fault('CLAIM_IN_USE', 'another request is using this claim just now', {
    hint: 'try again in a moment',
    retryAfterSeconds: 2,
  })
}

function usedClaim(): Fault {
  return new Fault('CLAIM_USED', 'the claim was used for another key', {
    hint: 'make another: thingdrop claims create --thing NAME. If nobody of yours used it, a stranger enrolled as this thing',
  })
}

function revokedClaim(): Fault {
  return new Fault('CLAIM_REVOKED', 'the claim was taken back', {
    hint: 'ask the operator why, or for another: thingdrop claims create --thing NAME',
  })
}
