import type { X509Certificate } from 'node:crypto'

export function isWithinValidity(certificate: X509Certificate, now: Date): boolean {
  return certificate.validFromDate <= now && now <= certificate.validToDate
}

/** Attributes of a name that AWS IoT offers to policies, by their short names in OpenSSL. */
const NAME_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['dnQualifier', 'DistinguishedNameQualifier'],
  ['C', 'Country'],
  ['O', 'Organization'],
  ['OU', 'OrganizationalUnit'],
  ['ST', 'State'],
  ['CN', 'CommonName'],
  ['serialNumber', 'SerialNumber'],
  ['title', 'Title'],
  ['SN', 'Surname'],
  ['GN', 'GivenName'],
  ['initials', 'Initials'],
  ['pseudonym', 'Pseudonym'],
  ['generationQualifier', 'GenerationQualifier'],
])

/** The policy variables `iot:Certificate.Subject.CommonName`, … of a client's certificate. */
export function certificateVariables(certificate: X509Certificate): Record<string, string> {
  const { subject, issuer } = certificate.toLegacyObject()
  return {
    'iot:Certificate.SerialNumber': certificate.serialNumber,
    ...nameVariables('iot:Certificate.Subject', subject),
    ...nameVariables('iot:Certificate.Issuer', issuer),
  }
}

function nameVariables(prefix: string, name: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(name).flatMap(([attribute, value]) => {
      const variable = NAME_ATTRIBUTES.get(attribute)
      const first: unknown = Array.isArray(value) ? value[0] : value
      return variable === undefined || typeof first !== 'string' ? [] : [[`${prefix}.${variable}`, first]]
    }),
  )
}
