import {
  absent,
  approve,
  certificateArn,
  failed,
  found,
  id,
  isHeldByOther,
  newClaim,
  otherId,
  quarantinedWith,
  testStep,
  thingEntry,
  vended,
} from './test-facts.ts'

const { holds, isBroken, isUnknown, waits } = testStep('thing')

holds('a thing that is attached', {}, /^press-1 is a fleet-device and is attached/)
isBroken('a thing that is not there', { thing: { iot: absent, attached: absent } }, /has no thing press-1/, approve)
isBroken(
  'a thing that is not attached',
  { thing: { attached: found([otherId]) } },
  /is not attached/,
  `aws iot attach-thing-principal --thing-name press-1 --principal ${certificateArn}`,
)
isBroken(
  'a thing that another certificate holds',
  { thing: isHeldByOther },
  new RegExp(`the certificate ${otherId} holds it`),
  `${newClaim} --replace`,
)
holds(
  'a thing of a renewal',
  {
    entry: { successorOf: otherId },
    thing: { entry: found({ ...thingEntry, certificateId: otherId, successorId: id }) },
  },
  new RegExp(`${otherId} holds it`),
)
isBroken('a thing that nothing holds', { thing: { entry: absent } }, /no certificate that holds press-1/, approve)
waits('a thing before registration', { ...vended, status: undefined }, /registration attaches press-1/)
isUnknown(
  'a thing of a clone',
  { ...quarantinedWith('THING_HELD'), thing: isHeldByOther },
  new RegExp(`${otherId} holds it`),
)
isUnknown('a thing that AWS does not tell of', { thing: { iot: failed } }, /ThrottlingException/)
isUnknown('no thing', { facts: { thingName: undefined } }, /names no thing/)
