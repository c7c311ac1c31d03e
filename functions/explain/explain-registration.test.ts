import {
  absent,
  approve,
  claim,
  deadLettersArn,
  failed,
  found,
  iotCa,
  iotCertificate,
  isHeldByOther,
  minutesAgo,
  newClaim,
  pending,
  quarantinedWith,
  restoreStack,
  sendEvent,
  testStep,
  vended,
} from './test-facts.ts'

const { holds, isBroken, isUnknown, waits } = testStep('registration')

holds('a registered certificate', {}, /registered at 2026-01-01/)
waits('one that never connected', { ...vended, status: undefined }, /never connected, and has to connect once/)
waits('a device that has a claim', claim('2026-05-02T00:00:00.000Z'), /enrolls with the claim first/)
waits(
  'one that just connected',
  { ...pending, changedAt: minutesAgo(1) },
  /PENDING_ACTIVATION for 60 seconds, and its registration takes seconds/,
)
waits(
  'one whose event may be in the queue',
  { ...pending, stack: { waitingEvents: found(1) } },
  /for 60 minutes, and about 1 event wait/,
)
isBroken('one whose event is lost', pending, /no event of it waits/, sendEvent)
isBroken(
  'one whose event may be a dead letter',
  { ...pending, stack: { deadLetters: found({ count: 2, queueArn: deadLettersArn }) } },
  /about 2 events could not be handled/,
  `aws sqs start-message-move-task --source-arn ${deadLettersArn}`,
)
isUnknown(
  'one whose queues AWS does not tell of',
  { ...pending, stack: { waitingEvents: failed } },
  /ThrottlingException/,
)
waits(
  'one that was just approved',
  { ...vended, status: 'INACTIVE', entry: { state: 'approved', changedAt: minutesAgo(1).toISOString() } },
  /takes seconds/,
)
isBroken(
  'one whose approval came to nothing',
  { ...vended, status: 'INACTIVE', entry: { state: 'approved' } },
  /the event of its approval was lost/,
  approve,
)
isBroken('one that was activated by hand', { ...vended, status: 'ACTIVE' }, /no event of it waits/, sendEvent)
waits('an active one that was deleted from AWS IoT', { status: undefined }, /registers anew when its device connects/)
isUnknown(
  'one whose CA is off',
  { ...vended, status: undefined, ca: { iot: found({ ...iotCa, isActive: false }) } },
  /when its CA holds/,
)
isBroken(
  'a rule that is off',
  { ...pending, stack: { rule: found({ isEnabled: false }) } },
  /topic rule register.* is disabled/,
  'aws iot enable-topic-rule --rule-name register',
)
isBroken(
  'a rule that is gone',
  { ...pending, stack: { rule: absent } },
  /topic rule register.* is not there/,
  restoreStack,
)
isUnknown('a rule that AWS does not tell of', { ...pending, stack: { rule: failed } }, /ThrottlingException/)
isBroken(
  'a clone',
  { ...quarantinedWith('THING_HELD'), thing: isHeldByOther },
  /THING_HELD: another certificate holds the thing/,
  `${approve} --replace`,
)
isBroken('an unknown one', quarantinedWith('CERTIFICATE_UNKNOWN'), /the ledger did not know it/, approve)
isBroken('a denied one', quarantinedWith('CERTIFICATE_DENIED'), /lists keep it out/, approve)
isBroken('one with a weak key', quarantinedWith('CERTIFICATE_KEY_WEAK'), /too weak/, newClaim)
isBroken('one whose type is unknown', quarantinedWith('THING_TYPE_UNKNOWN'), /thingTypes and deploy first/, approve)
isBroken(
  'one that names no thing',
  { ...quarantinedWith('THING_NAME_INVALID'), facts: { thingName: undefined } },
  /names no thing/,
  `${approve} --thing NAME`,
)
isBroken('one with a reason of no meaning', quarantinedWith('constructor'), /with "constructor"$/, approve)
isBroken(
  'a rejected one',
  { ...vended, status: 'INACTIVE', entry: { state: 'rejected', reason: 'a stranger' } },
  /kept the certificate out at .*"a stranger"/,
  approve,
)
isUnknown('a revoked one', { entry: { state: 'revoked' } }, /when the certificate may be used/)
holds(
  'one that the ledger does not know, in use',
  { certificate: { entry: absent } },
  /without a registration by this stack/,
)
isBroken(
  'one that the ledger does not know, INACTIVE',
  { certificate: { entry: absent, iot: found({ ...iotCertificate, status: 'INACTIVE' }) } },
  /no event of it waits/,
  sendEvent,
)
