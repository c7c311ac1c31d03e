/**
 * Every code that a Fault can carry, with the HTTP status it has at the API's edge.
 * The union is closed: a new way to fail is a new line here.
 */
export const faultStatus = {
  REQUEST_INVALID: 400,
  CURSOR_INVALID: 400,
  THING_NAME_INVALID: 400,
  CSR_MALFORMED: 400,
  CSR_SIGNATURE_INVALID: 400,
  CSR_KEY_WEAK: 400,
  CSR_THING_MISMATCH: 403,
  CLAIM_UNKNOWN: 401,
  CLAIM_EXPIRED: 403,
  CLAIM_USED: 409,
  CLAIM_IN_USE: 409,
  NOT_FOUND: 404,
  BODY_TOO_LARGE: 413,
  CERTIFICATE_UNKNOWN: 403,
  CERTIFICATE_UNUSABLE: 403,
  THING_HELD: 409,
  EVENT_MALFORMED: 400,
  KEY_FOREIGN: 400,
  ENVIRONMENT_INVALID: 500,
  INTERNAL: 500,
} as const

export type FaultCode = keyof typeof faultStatus
