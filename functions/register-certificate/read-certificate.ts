import 'reflect-metadata'
import { createPublicKey } from 'node:crypto'
import { X509Certificate } from '@peculiar/x509'
import type { FaultCode } from '#contract/fault-codes.ts'
import type { RegistrationRules } from '#contract/registration-rules.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import { isStrongKey } from '../x509/strong-key.ts'

interface DescribedCertificate {
  readonly certificateId: string
  readonly certificatePem: string
  readonly caCertificateId: string
}

export interface UnknownCertificate {
  readonly entry: CertificateEntry
  readonly flaw: FaultCode | undefined
}

const fieldIds = {
  CN: '2.5.4.3',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  C: '2.5.4.6',
  serialNumber: '2.5.4.5',
}
/** What AWS IoT takes as the value of an attribute (CreateThing). */
const attributeValue = /^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/

/**
 * What a certificate that the ledger does not know says of itself, by the rules' reading of its subject. Only what fits
 * a name's pattern is taken over: anything else becomes a flaw, or is left out.
 */
export function readCertificate(
  { certificateId, certificatePem, caCertificateId }: DescribedCertificate,
  { subject }: RegistrationRules,
  now: Date,
): UnknownCertificate {
  const certificate = new X509Certificate(certificatePem)
  function read(field: keyof typeof fieldIds | undefined): string | undefined {
    if (field === undefined) return undefined
    const values = certificate.subjectName.getField(fieldIds[field])
    return values.length === 1 ? values[0] : undefined
  }
  const asName = (value: string | undefined) =>
    value !== undefined && thingNamePattern.test(value) ? value : undefined

  const thingName = asName(read(subject.thingName))
  const type = read(subject.thingTypeName)
  const group = read(subject.thingGroupName)
  const attributes = Object.entries(subject.attributes).flatMap(([name, field]) => {
    const value = read(field)
    return value !== undefined && attributeValue.test(value) ? [[name, value]] : []
  })
  const time = now.toISOString()
  return {
    flaw: flawOf(certificate, now) ?? nameFlawOf(thingName, [type, group]),
    entry: {
      certificateId,
      caCertificateId,
      state: 'vended',
      origin: 'device',
      ...(thingName === undefined ? {} : { thingName }),
      thingTypeName: asName(type),
      thingGroupName: asName(group),
      attributes: Object.fromEntries(attributes),
      serialNumber: certificate.serialNumber.toLowerCase(),
      notAfter: certificate.notAfter.toISOString(),
      createdAt: time,
      changedAt: time,
    },
  }
}

function flawOf(certificate: X509Certificate, now: Date): FaultCode | undefined {
  const key = createPublicKey({ key: Buffer.from(certificate.publicKey.rawData), format: 'der', type: 'spki' })
  if (!isStrongKey(key)) return 'CERTIFICATE_KEY_WEAK'
  return certificate.notAfter <= now ? 'CERTIFICATE_EXPIRED' : undefined
}

function nameFlawOf(thingName: string | undefined, others: readonly (string | undefined)[]): FaultCode | undefined {
  const isBad = (name: string | undefined) => name !== undefined && !thingNamePattern.test(name)
  if (thingName === undefined) return 'THING_NAME_INVALID'
  if (isBad(others[0])) return 'THING_TYPE_UNKNOWN'
  return isBad(others[1]) ? 'THING_GROUP_UNKNOWN' : undefined
}
