import { absent, allowed, certificateArn, failed, found, restoreStack, testStep, vended } from './test-facts.ts'

const { holds, isBroken, isUnknown, waits } = testStep('policy')

holds('a policy that is attached', {}, /fleet-device is attached/)
isBroken(
  'a policy that is not attached',
  { certificate: { policies: found([]) } },
  /is not attached/,
  `aws iot attach-policy --policy-name fleet-device --target ${certificateArn}`,
)
isBroken('a policy that is not there', { stack: { policy: absent } }, /is not there/, restoreStack)
isBroken(
  'a policy that lets nobody connect',
  { stack: { policy: found(allowed('iot:AssumeRoleWithCertificate')) } },
  /does not allow iot:Connect$/,
  restoreStack,
)
holds('a policy that lets everybody do everything', { stack: { policy: found(allowed('iot:*')) } }, /is attached/)
waits('a policy before registration', { ...vended, status: undefined }, /registration attaches/)
isUnknown('a policy that AWS does not tell of', { certificate: { policies: failed } }, /ThrottlingException/)
