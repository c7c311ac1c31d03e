import {
  absent,
  caEntry,
  caId,
  failed,
  found,
  iotCa,
  newClaim,
  now,
  otherCaId,
  testStep,
  vended,
} from './test-facts.ts'

const { holds, isBroken, isUnknown } = testStep('ca')

holds('a CA that holds', {}, /is ACTIVE and registers certificates by itself until 2046/)
isBroken(
  'a CA that is off, and signs',
  { ca: { iot: found({ ...iotCa, isActive: false }) } },
  /is INACTIVE/,
  `aws iot update-ca-certificate --certificate-id ${caId} --new-status ACTIVE`,
)
isBroken(
  'a CA without auto-registration',
  { ca: { iot: found({ ...iotCa, registersByItself: false }) } },
  /auto-registration DISABLEd/,
  `aws iot update-ca-certificate --certificate-id ${caId} --new-auto-registration-status ENABLE`,
)
holds(
  'a CA that is off, of a registered certificate, while another signs',
  { ca: { iot: found({ ...iotCa, isActive: false }), signingId: found(otherCaId) } },
  /this certificate stays/,
)
isBroken(
  'a CA that is off, of a certificate that never connected',
  { ...vended, status: undefined, ca: { iot: found({ ...iotCa, isActive: false }), signingId: found(otherCaId) } },
  /is INACTIVE/,
  `aws iot update-ca-certificate --certificate-id ${caId} --new-status ACTIVE`,
)
isBroken(
  'a retired CA',
  {
    ...vended,
    status: undefined,
    ca: {
      iot: found({ ...iotCa, isActive: false }),
      signingId: found(otherCaId),
      entry: found({ ...caEntry, retiredAt: '2026-02-01T00:00:00.000Z' }),
    },
  },
  /was retired at 2026-02-01/,
  newClaim,
)
isBroken(
  'a CA that ended and signs',
  { ca: { iot: found({ ...iotCa, notAfter: now }) } },
  /ended at 2026-05-01T12/,
  'thingdrop ca rotate',
)
isBroken(
  'a CA that AWS IoT does not know',
  { ca: { iot: absent } },
  /is not registered with AWS IoT/,
  'thingdrop ca rotate',
)
isBroken(
  'another’s CA that AWS IoT does not know',
  {
    ...vended,
    status: undefined,
    ca: { iot: absent, signingId: found(otherCaId), entry: found({ ...caEntry, kind: 'foreign' }) },
  },
  /is not registered/,
  'thingdrop ca register --cert FILE',
)
isUnknown('a CA that AWS does not tell of', { ca: { iot: failed } }, /ThrottlingException/)
