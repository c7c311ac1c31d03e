import { z } from 'zod'
import { certificateIdSchema } from './api-fields.ts'

/** Fields of a certificate's subject, as RFC 4514 names them; serialNumber is the subject's, not the certificate's. */
export const subjectFields = ['CN', 'O', 'OU', 'L', 'ST', 'C', 'serialNumber'] as const
const subjectField = z.enum(subjectFields)

/** `*` stands for any characters, `?` for one. */
const thingNameGlob = z.string().regex(/^[a-zA-Z0-9:_*?-]{1,128}$/, 'is not a pattern of thing names')

/** By thing, by certificate serial number (hex), by CA. */
const certificateList = z.strictObject({
  things: z.array(thingNameGlob).default([]),
  serialNumbers: z.array(z.string().regex(/^[0-9a-f]{1,40}$/, 'is not a serial number in lower-case hex')).default([]),
  caCertificateIds: z.array(certificateIdSchema).default([]),
})

/** Which certificates may register, and as what: the stack's setting `registration`. */
export const registrationRulesSchema = z.strictObject({
  /**
   * ledger: only what this backend signed or an operator approved. registered-ca: also any certificate of a CA that is
   * registered with AWS IoT.
   */
  accept: z.enum(['ledger', 'registered-ca']).default('ledger'),
  /** What a thing may be called. */
  thingNames: thingNameGlob.default('*'),
  /** For certificates that this backend did not sign: where in the subject stands what. */
  subject: z
    .strictObject({
      thingName: subjectField.default('CN'),
      thingTypeName: subjectField.optional(),
      thingGroupName: subjectField.optional(),
      /** Attribute of the thing → field of the subject. */
      attributes: z.record(z.string().regex(/^[a-zA-Z0-9_.,@/:#-]{1,128}$/), subjectField).default({}),
    })
    .prefault({}),
  /** When there is anything in it, only what one of its members names may register. */
  allow: certificateList.prefault({}),
  /** Stronger than `allow`. */
  deny: certificateList.prefault({}),
})
export type RegistrationRules = z.infer<typeof registrationRulesSchema>
