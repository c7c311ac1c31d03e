import type { FaultCode } from '#contract/fault-codes.ts'
import type { Facts } from './facts.ts'
import { approve, newClaim } from './mends.ts'

interface QuarantineReason {
  /** Goes on after "it may not register: ". */
  readonly meaning: string
  readonly mend: (facts: Facts) => string
}

/** What each reason for which a certificate may not register means, and what mends it. */
const quarantineReasons: Partial<Record<FaultCode, QuarantineReason>> = {
  CERTIFICATE_UNKNOWN: {
    meaning: 'the ledger did not know it when it connected, and the rules take nothing else',
    mend: approve,
  },
  CERTIFICATE_DENIED: { meaning: 'the rules’ lists keep it out', mend: approve },
  CERTIFICATE_KEY_WEAK: { meaning: 'its key is too weak, and its device needs another', mend: newClaim },
  CERTIFICATE_EXPIRED: { meaning: 'it ended before it connected', mend: newClaim },
  THING_NAME_INVALID: { meaning: 'it names no thing', mend: approve },
  THING_NAME_REFUSED: { meaning: 'the rules take no thing of that name', mend: approve },
  THING_TYPE_UNKNOWN: {
    meaning: 'the stack has no such thing type, so add it to the setting thingTypes and deploy first',
    mend: approve,
  },
  THING_GROUP_UNKNOWN: {
    meaning: 'the stack has no such thing group, so add it to the setting thingGroups and deploy first',
    mend: approve,
  },
  THING_HELD: {
    meaning:
      'another certificate holds the thing, so let it take that over only if this is the right device, and else reject it',
    mend: approve,
  },
}

export function findQuarantineReason(reason: string): QuarantineReason | undefined {
  return Object.hasOwn(quarantineReasons, reason) ? quarantineReasons[reason as FaultCode] : undefined
}
