import type { X509Certificate } from 'node:crypto'
import { type CompiledPolicy, compilePolicy } from '#local/iam/policy/compile-policy.ts'
import { evaluatePolicies } from '#local/iam/policy/evaluate-policies.ts'
import type { ConditionContext } from '#local/service.ts'
import { certificateVariables } from './client-certificate.ts'
import { certificateIdOf } from './registry/certificate-record.ts'
import type { Registry } from './registry/types.ts'

/** Who asks: a certificate, and the connection that it came over. */
export interface DevicePrincipal {
  readonly certificate: X509Certificate
  readonly sourceIp: string
  /** The name of the server that the device asked for. */
  readonly serverName: string
  /** Of an MQTT connection. */
  readonly clientId?: string
  /** The thing that the device says it is: by its client id, or by x-amzn-iot-thingname. */
  readonly thingName?: string | undefined
}

/** What the IoT policies of a certificate let one connection do. */
export interface DevicePermissions {
  isAllowed(action: string, resource: string): boolean
}

interface PolicyText {
  readonly policy: CompiledPolicy
  /** Taking a certificate's names apart costs more than a decision: done for policies that read them. */
  readonly readsCertificate: boolean
}

/** Decides by the registry as it is now: a change of policies, things or attachments counts from the next question on. */
export function createDeviceAuthorizer(registry: Registry) {
  const texts = new Map<string, PolicyText>()
  let generation = 0
  registry.changes.on('change', ({ kind }) => {
    if (kind !== 'roleAlias' && kind !== 'topicRule') generation++
    if (kind === 'policy') texts.clear()
  })

  const readText = (document: string): PolicyText => {
    const known = texts.get(document)
    if (known) return known
    const text = { policy: compilePolicy(document), readsCertificate: /iot:Certificate\./i.test(document) }
    texts.set(document, text)
    return text
  }

  const contextOf = (
    principal: DevicePrincipal,
    certificateId: string,
    readsCertificate: boolean,
  ): ConditionContext => ({
    'iot:CertificateId': certificateId,
    'aws:SourceIp': principal.sourceIp,
    'iot:DomainName': principal.serverName,
    ...(principal.clientId !== undefined && { 'iot:ClientId': principal.clientId }),
    ...(readsCertificate && certificateVariables(principal.certificate)),
    ...thingVariables(registry, certificateId, principal.thingName),
  })

  return (principal: DevicePrincipal): DevicePermissions => {
    const certificateId = certificateIdOf(principal.certificate)
    let known = -1
    let policies: readonly CompiledPolicy[] = []
    let context: ConditionContext = {}

    return {
      isAllowed(action, resource) {
        if (known !== generation) {
          known = generation
          const effective = registry.effectivePolicies(certificateId, principal.thingName)
          const read = effective.map(({ policyDocument }) => readText(policyDocument))
          policies = read.map(({ policy }) => policy)
          context = contextOf(
            principal,
            certificateId,
            read.some(({ readsCertificate }) => readsCertificate),
          )
        }
        return evaluatePolicies(policies, { action, resource, context }) === 'allow'
      },
    }
  }
}

export type DeviceAuthorizer = ReturnType<typeof createDeviceAuthorizer>

/** Developer guide, "Thing policy variables". They resolve for a thing that the certificate is attached to, and for no other. */
function thingVariables(registry: Registry, certificateId: string, thingName: string | undefined): ConditionContext {
  const thing = thingName === undefined ? undefined : registry.things.get(thingName)
  if (!thing || !registry.thingPrincipals.has(thing.thingName, certificateId)) {
    return { 'iot:Connection.Thing.IsAttached': 'false' }
  }
  return {
    'iot:Connection.Thing.IsAttached': 'true',
    'iot:Connection.Thing.ThingName': thing.thingName,
    ...(thing.thingTypeName === undefined ? {} : { 'iot:Connection.Thing.ThingTypeName': thing.thingTypeName }),
    ...Object.fromEntries(
      Object.entries(thing.attributes).map(([name, value]) => [`iot:Connection.Thing.Attributes[${name}]`, value]),
    ),
  }
}
