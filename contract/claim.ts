import { Fault } from './fault.ts'
import { routes } from './routes.ts'
import { parseThingName, thingNamePattern } from './thing-name.ts'

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

/** What a device needs to enroll, in one string: `https://…/v1/certificates?thing=NAME#tdc_…`. */
export interface ClaimUrl {
  /** The address to POST to. */
  readonly url: string
  readonly thingName: string
  readonly claim: string
}

/**
 * The fragment stays with the client (RFC 3986, 3.5), so the secret is in no request line and no access log.
 * Throws THING_NAME_INVALID.
 */
export function formatClaimUrl(apiUrl: string, thingName: string, claim: Claim): string {
  return `${apiUrl.replace(/\/+$/, '')}${routes.createCertificate.path}?thing=${parseThingName(thingName)}#${formatClaim(claim)}`
}

/** Throws REQUEST_INVALID when the text is no claim URL; the text, which may hold a secret, is not repeated. */
export function parseClaimUrl(text: string): ClaimUrl {
  const invalid = new Fault('REQUEST_INVALID', 'that is not a claim URL', {
    hint: 'it looks like https://…/v1/certificates?thing=NAME#tdc_…: thingdrop claims create prints it',
  })
  if (!URL.canParse(text.trim())) throw invalid
  const { origin, pathname, searchParams, hash } = new URL(text.trim())
  const thingName = searchParams.get('thing') ?? ''
  const claim = hash.slice(1)
  if (!thingNamePattern.test(thingName) || !claimPattern.test(claim)) throw invalid
  return { url: origin + pathname, thingName, claim }
}
