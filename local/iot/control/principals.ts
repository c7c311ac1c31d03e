import { notImplemented } from '#local/service.ts'
import type { Certificate, Registry, ThingGroup } from '../registry/types.ts'
import { invalidRequest, notFound } from './errors.ts'

const certificateId = /^[0-9a-f]{64}$/
const cognitoIdentity = /^[\w-]+:[0-9a-f-]{36}$/

/** What a policy is attached to, or who a thing's principal is. */
export type Target =
  | { readonly kind: 'certificate'; readonly certificate: Certificate; readonly arn: string }
  | { readonly kind: 'thingGroup'; readonly group: ThingGroup; readonly arn: string }

/** The ARN that authorization checks: a certificate may be named by its id alone. */
export function targetArn(target: string, { arn }: Registry): string {
  return certificateId.test(target) ? arn.certificate(target) : target
}

export function findTarget(target: string, registry: Registry): Target {
  const arn = targetArn(target, registry)
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  if (arn === registry.arn.certificate(name) && certificateId.test(name)) {
    const certificate = registry.certificates.get(name)
    if (!certificate) throw notFound(`The certificate given in the principal does not exist. (arn: ${arn})`)
    return { kind: 'certificate', certificate, arn }
  }
  if (arn === registry.arn.thingGroup(name)) {
    const group = registry.thingGroups.get(name)
    if (!group) throw notFound(`No thing group with ARN ${arn} exists`)
    return { kind: 'thingGroup', group, arn }
  }
  if (cognitoIdentity.test(target)) throw notImplemented('Amazon Cognito identities as principals')
  throw invalidRequest(`Invalid principal: ${target}`)
}

export function findCertificatePrincipal(principal: string, registry: Registry): Certificate {
  const target = findTarget(principal, registry)
  if (target.kind !== 'certificate') throw invalidRequest('The given ARN does not represent a cert')
  return target.certificate
}
