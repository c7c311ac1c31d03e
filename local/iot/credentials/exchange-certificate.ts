import type { X509Certificate } from 'node:crypto'
import type { AssumeRole, Session } from '#local/iam/sessions.ts'
import { AwsError } from '#local/service.ts'
import type { DeviceAuthorizer } from '../device-permissions.ts'
import type { CertificateClassifier } from '../jitr/classify-certificate.ts'
import type { Registry, Thing } from '../registry/types.ts'
import type { Refusal } from './refusal.ts'

export interface ExchangeOptions {
  readonly registry: Registry
  readonly classify: CertificateClassifier
  readonly authorize: DeviceAuthorizer
  readonly assumeRole: AssumeRole
  readonly accountId: string
  readonly clock: () => Date
}

/** What a device asks for, and over which connection. */
export interface ExchangeRequest {
  readonly certificate: X509Certificate | undefined
  readonly roleAlias: string
  /** The header `x-amzn-iot-thingname`. */
  readonly thingName: string | undefined
  readonly sourceIp: string
  readonly serverName: string
}

/** Trades a device certificate for a session of the alias's role. */
export function exchangeCertificate(request: ExchangeRequest, options: ExchangeOptions): Session | Refusal {
  const { registry, classify, authorize, clock } = options
  const { certificate, thingName, roleAlias } = request
  const verdict = certificate && classify(certificate, clock())
  if (!certificate || verdict?.kind !== 'active') return 'invalid-certificate'
  const { certificateId } = verdict
  const thing = thingName === undefined ? undefined : registry.things.get(thingName)
  if (thingName !== undefined && !(thing && registry.thingPrincipals.has(thingName, certificateId)))
    return 'invalid-thing'
  const permissions = authorize({ ...request, certificate })
  if (!permissions.isAllowed('iot:AssumeRoleWithCertificate', registry.arn.roleAlias(roleAlias))) return 'access-denied'
  return startSession(certificateId, thing, roleAlias, options)
}

function startSession(
  certificateId: string,
  thing: Thing | undefined,
  aliasName: string,
  { registry, assumeRole, accountId }: ExchangeOptions,
): Session | Refusal {
  const alias = registry.roleAliases.get(aliasName)
  if (!alias) return 'unknown-alias'
  try {
    return assumeRole({
      roleArn: alias.roleArn,
      // Seen in logs; AWS does not document it.
      sessionName: certificateId,
      durationSeconds: alias.credentialDurationSeconds,
      principal: 'credentials.iot.amazonaws.com',
      context: { 'aws:SourceArn': registry.arn.roleAlias(aliasName), 'aws:SourceAccount': accountId },
      sessionContext: {
        'credentials-iot:AwsCertificateId': certificateId,
        ...(thing && { 'credentials-iot:ThingName': thing.thingName }),
        ...(thing?.thingTypeName !== undefined && { 'credentials-iot:ThingTypeName': thing.thingTypeName }),
      },
    })
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return error.code === 'ValidationError' && error.message.includes('MaxSessionDuration')
      ? 'duration-too-long'
      : 'role-not-assumable'
  }
}
