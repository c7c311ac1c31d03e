import { Fault } from './fault.ts'

/** A claim as a device holds it: `tdc_<id>_<secret>`; the backend keeps the id and a hash of the secret. */
export interface Claim {
  /** 16 hex digits; names the claim in lists and logs. */
  readonly claimId: string
  /** 64 hex digits (256 bits of randomness); never stored, never logged. */
  readonly secret: string
}

const claimPattern = /^tdc_([0-9a-f]{16})_([0-9a-f]{64})$/

export function formatClaim({ claimId, secret }: Claim): string {
  return `tdc_${claimId}_${secret}`
}

/** Throws CLAIM_UNKNOWN: what has not the form of a claim cannot be one, and its text is not repeated. */
export function parseClaim(text: string): Claim {
  const [, claimId, secret] = claimPattern.exec(text) ?? []
  if (claimId === undefined || secret === undefined) throw unknownClaim()
  return { claimId, secret }
}

/** One answer for a claim that does not exist and for one with a wrong secret: a guess learns nothing from it. */
export function unknownClaim(): Fault {
  return new Fault('CLAIM_UNKNOWN', 'there is no such claim', {
    hint: 'check that the claim was copied whole, or make another: thingdrop claims create --thing NAME',
  })
}

/**
 * The claim and the place to use it in one string: `https://…/v1/certificates#tdc_…`. A fragment stays with
 * the client, so the secret is in no request line and no access log.
 */
export function formatClaimUrl(apiUrl: string, claim: Claim): string {
  return `${apiUrl.replace(/\/+$/, '')}/v1/certificates#${formatClaim(claim)}`
}

/** The address to POST to and the claim's text. Throws REQUEST_INVALID when it is no claim URL. */
export function parseClaimUrl(text: string): { readonly url: string; readonly claim: string } {
  const trimmed = text.trim()
  const hash = trimmed.indexOf('#')
  const url = trimmed.slice(0, Math.max(hash, 0))
  const claim = trimmed.slice(hash + 1)
  if (!URL.canParse(url) || !claimPattern.test(claim)) {
    throw new Fault('REQUEST_INVALID', 'that is not a claim URL', {
      hint: 'it looks like https://…/v1/certificates#tdc_…: thingdrop claims create prints it',
    })
  }
  return { url, claim }
}
