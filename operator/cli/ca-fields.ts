import type { CaCertificate } from '#contract/certificates-api.ts'

/** What is shown of a CA, in order. */
export const caFields = [
  'caCertificateId',
  'kind',
  'state',
  'subject',
  'notAfter',
  'createdAt',
] as const satisfies readonly (keyof CaCertificate)[]
