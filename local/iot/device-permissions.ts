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

/** Decides by the registry as it is now: a change of policies, things or attachments counts from the next question on. */
export function createDeviceAuthorizer(registry: Registry) {
  const documents = new Map<string, CompiledPolicy>()
  let generation = 0
  registry.changes.on('change', ({ kind }) => {
    if (kind !== 'roleAlias' && kind !== 'topicRule') generation++
    if (kind === 'policy') documents.clear()
  })

  const compile = (text: string) => {
    const compiled = documents.get(text) ?? compilePolicy(text)
    documents.set(text, compiled)
    return compiled
  }

  return (principal: DevicePrincipal): DevicePermissions => {
    const certificateId = certificateIdOf(principal.certificate)
    const fixed: ConditionContext = {
      ...certificateVariables(principal.certificate),
      'aws:SourceIp': principal.sourceIp,
      'iot:DomainName': principal.serverName,
      ...(principal.clientId === undefined ? {} : { 'iot:ClientId': principal.clientId }),
    }
    let known = -1
    let policies: readonly CompiledPolicy[] = []
    let context = fixed

    return {
      isAllowed(action, resource) {
        if (known !== generation) {
          known = generation
          context = { ...fixed, ...thingVariables(registry, certificateId, principal.thingName) }
          policies = registry
            .effectivePolicies(certificateId, principal.thingName)
            .map(({ policyDocument }) => compile(policyDocument))
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
