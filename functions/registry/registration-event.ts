import { z } from 'zod'
import { Fault } from '#contract/fault.ts'

/**
 * What AWS IoT publishes on `$aws/events/certificates/registered/<caCertificateId>` when an unknown certificate of a
 * registered CA connects, and each time that it connects while it is PENDING_ACTIVATION
 * (AWS IoT developer guide, "Just-in-time registration").
 */
const registrationEventSchema = z.object({
  certificateId: z.string().regex(/^[0-9a-f]{64}$/),
  caCertificateId: z.string().regex(/^[0-9a-f]{64}$/),
  /** Milliseconds since 1970. */
  timestamp: z.number().int().nonnegative(),
  certificateStatus: z.literal('PENDING_ACTIVATION'),
  awsAccountId: z.string().regex(/^\d{12}$/),
})

export type RegistrationEvent = z.infer<typeof registrationEventSchema>

/** Reads a queue message's body. Throws EVENT_MALFORMED. */
export function parseRegistrationEvent(body: string): RegistrationEvent {
  try {
    return registrationEventSchema.parse(JSON.parse(body))
  } catch (cause) {
    throw new Fault('EVENT_MALFORMED', 'the message is no registration event of AWS IoT', {
      cause,
      hint: 'see the message in the dead-letter queue; who else may send to it?',
    })
  }
}

/** An event of our own, for a certificate that is to be registered as if it connected at this time. */
export function formatRegistrationEvent(
  { certificateId, caCertificateId }: { readonly certificateId: string; readonly caCertificateId: string },
  certificateArnPrefix: string,
  at: Date,
): string {
  const event: RegistrationEvent = {
    certificateId,
    caCertificateId,
    timestamp: at.getTime(),
    certificateStatus: 'PENDING_ACTIVATION',
    awsAccountId: certificateArnPrefix.split(':')[4] ?? '',
  }
  return JSON.stringify(event)
}
