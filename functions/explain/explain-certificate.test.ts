import {
  absent,
  claim,
  claimed,
  failed,
  found,
  id,
  iotCertificate,
  isHeldByOther,
  newClaim,
  otherId,
  testStep,
  thingEntry,
} from './test-facts.ts'

const { holds, isBroken, isUnknown, waits } = testStep('certificate')

holds(
  'an active certificate',
  {},
  /^the certificate is active, AWS IoT has it ACTIVE, it ends at 2027-01-01T00:00:00.000Z$/,
)
holds(
  'one that ends soon',
  { entry: { notAfter: '2026-05-04T12:00:00.000Z' } },
  /in 3 days, and should have been renewed/,
)
holds(
  'one that is being renewed',
  { thing: { entry: found({ ...thingEntry, successorId: otherId }) } },
  new RegExp(`its renewal ${otherId} is not confirmed yet`),
)
holds(
  'a renewal',
  {
    entry: { successorOf: otherId },
    thing: { entry: found({ ...thingEntry, certificateId: otherId, successorId: id }) },
  },
  new RegExp(`it renews ${otherId} once`),
)
isBroken(
  'one that ended',
  { entry: { notAfter: '2026-05-01T12:00:00.000Z' } },
  /^the certificate ended at/,
  `${newClaim} --replace`,
)
waits(
  'one that is not valid yet',
  { certificate: { iot: found({ ...iotCertificate, notBefore: new Date('2026-06-01T00:00:00.000Z') }) } },
  /valid from 2026-06-01/,
)
isBroken(
  'one set INACTIVE',
  { status: 'INACTIVE' },
  /AWS IoT has it INACTIVE/,
  `aws iot update-certificate --certificate-id ${id} --new-status ACTIVE`,
)
isBroken(
  'one set REVOKED in AWS IoT',
  { status: 'REVOKED' },
  /AWS IoT has the certificate REVOKED, and the ledger has it active/,
  `${newClaim} --replace`,
)
isBroken(
  'a revoked one',
  { status: 'REVOKED', entry: { state: 'revoked', reason: 'lost\n"here"' }, thing: { entry: absent } },
  /revoked at .*, because "lost\\n\\"here\\""$/,
  newClaim,
)
isBroken(
  'a retired one',
  { status: 'INACTIVE', entry: { state: 'retired' }, thing: isHeldByOther },
  new RegExp(`the certificate ${otherId} holds press-1 now`),
  'thingdrop explain press-1',
)
waits(
  'a claim',
  claim('2026-05-02T00:00:00.000Z'),
  /^claimed, not enrolled yet: the claim 0123456789abcdef expires at 2026-05-02/,
)
isBroken('a claim that expired', claim('2026-05-01T12:00:00.000Z'), /^claimed, never enrolled: .* expired at/, newClaim)
isBroken('neither a certificate nor a claim', claimed, /no claim that could bring one/, newClaim)
isUnknown('one that AWS does not tell of', { certificate: { iot: failed } }, /ThrottlingException/)
holds(
  'one that the ledger does not know',
  { certificate: { entry: absent } },
  /the ledger does not know the certificate, AWS IoT has it ACTIVE/,
)
