import { type Facts, foundIn } from './facts.ts'
import { approve, attachThing, newClaim } from './mends.ts'
import { isRegistered } from './registered.ts'
import { breaks, findUntold, holds, isUnknown, type Verdict, waits } from './verdict.ts'

/** Whether the thing is there, and the certificate's. */
export function explainThing(facts: Facts, registration: Verdict): Verdict {
  const { thingName, certificateId = '', thing } = facts
  const holder = foundIn(thing.entry)?.certificateId
  const other = holder === undefined || holder === certificateId ? '' : `, and the certificate ${holder} holds it`
  if (thingName === undefined) return isUnknown('the certificate names no thing')
  if (!isRegistered(facts)) {
    const finding = `registration attaches ${thingName} to the certificate${other}`
    return registration.outcome === 'waiting' ? waits(finding) : isUnknown(finding)
  }
  const untold = findUntold(thing.entry, thing.iot, thing.attached)
  if (untold) return untold
  const iot = foundIn(thing.iot)
  if (!iot) return breaks(`AWS IoT has no thing ${thingName}`, approve(facts))
  if (!foundIn(thing.attached)?.includes(certificateId)) {
    return breaks(`${thingName} is not attached to the certificate${other}`, attachThing(facts, thingName))
  }
  const entry = foundIn(facts.certificate.entry)
  if (entry !== undefined && holder === undefined) {
    return breaks(`the ledger has no certificate that holds ${thingName}`, approve(facts))
  }
  if (other !== '' && foundIn(thing.entry)?.successorId !== certificateId) {
    return breaks(`${thingName} is attached to the certificate${other}`, newClaim(facts))
  }
  const type = iot.thingTypeName === undefined ? 'has no thing type' : `is a ${iot.thingTypeName}`
  return holds(`${thingName} ${type} and is attached to the certificate${other}`)
}
