import type { Certificate } from '../registry/types.ts'

/** What AWS IoT publishes each time a certificate that waits for its activation connects (developer guide, "Just-in-time registration"). */
export function registrationEvent(
  certificate: Certificate,
  caCertificateId: string,
  { accountId, now }: { accountId: string; now: Date },
): { topic: string; payload: Buffer } {
  return {
    topic: `$aws/events/certificates/registered/${caCertificateId}`,
    payload: Buffer.from(
      JSON.stringify({
        certificateId: certificate.certificateId,
        caCertificateId,
        timestamp: now.getTime(),
        certificateStatus: 'PENDING_ACTIVATION',
        awsAccountId: accountId,
        certificateRegistrationTimestamp: String(certificate.createdAtMs),
      }),
    ),
  }
}
