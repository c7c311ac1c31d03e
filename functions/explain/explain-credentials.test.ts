import { devicesTrust } from './policy-documents.ts'
import { absent, claim, found, id, iotCa, testStep, vended } from './test-facts.ts'

const { holds, isUnknown, waits } = testStep('credentials')

holds('credentials', {}, /credentials of devices for 3600 seconds/)
waits(
  'credentials before registration',
  { ...vended, status: undefined },
  /would see 403 "Certificate is invalid on this endpoint"/,
)
isUnknown(
  'credentials of an inactive certificate',
  { status: 'INACTIVE' },
  /sees 403 "Certificate is invalid on this endpoint"/,
)
isUnknown('credentials of a detached thing', { thing: { attached: found([]) } }, /sees 403 "Invalid thing name passed"/)
isUnknown('credentials without the policy', { certificate: { policies: found([]) } }, /sees 403 "Access Denied"/)
isUnknown('credentials without an alias', { stack: { alias: absent } }, /sees 404 "Role alias does not exist"/)
isUnknown(
  'credentials of a role that is gone',
  { stack: { role: absent, rolePolicies: absent } },
  /sees 400 "Unable to assume the role, or the role to assume does not exist"/,
)
isUnknown(
  'credentials for longer than the role gives',
  { stack: { role: found({ trust: devicesTrust, maxSessionSeconds: 1800 }) } },
  /sees 400 "The requested CredentialDurationSeconds exceeds/,
)
isUnknown(
  'credentials that are denied',
  { stack: { rolePolicies: found(['uploads', `revoked-1-${id}`]) } },
  /S3 and the API answer 403 "AccessDenied"/,
)
isUnknown(
  'credentials of another role',
  { stack: { alias: found({ roleArn: undefined, sessionSeconds: 3600 }) } },
  /this needs role-alias to hold/,
)
holds('credentials while the CA is off', { ca: { iot: found({ ...iotCa, isActive: false }) } }, /gives credentials/)
waits('credentials without a certificate', claim('2026-05-02T00:00:00.000Z'), /there is no certificate/)
