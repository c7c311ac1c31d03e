import { Fault } from '#contract/fault.ts'

/**
 * The certificate whose credentials signed a request: AWS IoT's credentials provider names the session after it (seen in
 * what S3 and CloudTrail record; not documented). Throws CALLER_MISMATCH when the caller is no device.
 */
export function callingCertificate(callerArn: string | undefined, deviceRoleName: string): string {
  const [, roleName, certificateId] = /:assumed-role\/([^/]+)\/([0-9a-f]{64})$/.exec(callerArn ?? '') ?? []
  if (certificateId !== undefined && roleName === deviceRoleName) return certificateId
  throw new Fault('CALLER_MISMATCH', 'this is for devices, with the credentials of their certificate', {
    hint: 'operators issue certificates: thingdrop certificates issue',
  })
}
