import type { Tag } from '@aws-sdk/client-iot'
import { restJson } from '#local/gateway/rest-json.ts'
import type { RestRoute } from '#local/gateway/rest-routes.ts'
import { AwsError, type Call, type HttpService, type Operation, type Operations } from '#local/service.ts'
import type { Registry } from '../registry/types.ts'
import { createCaCertificateOperations } from './ca-certificates.ts'
import { createCaRegistrationOperations } from './ca-registration.ts'
import { createCertificateCreationOperations } from './certificate-creation.ts'
import { createCertificateIssuer } from './certificate-issuer.ts'
import { createCertificateRegistrationOperations } from './certificate-registration.ts'
import { createCertificateOperations } from './certificates.ts'
import { checkInput } from './check-input.ts'
import { createEndpointOperations, type IotEndpoints } from './endpoints.ts'
import { createGroupMembershipOperations } from './group-membership.ts'
import { type OperationName, operationResources } from './operation-resources.ts'
import { createPolicyOperations } from './policies.ts'
import { createPolicyAttachmentOperations } from './policy-attachments.ts'
import { createPolicyVersionOperations } from './policy-versions.ts'
import { createThrottle } from './quotas.ts'
import { createRoleAliasOperations } from './role-aliases.ts'
import routes from './routes.json' with { type: 'json' }
import { createTagOperations } from './tags.ts'
import { createThingGroupOperations } from './thing-groups.ts'
import { createThingPrincipalOperations } from './thing-principals.ts'
import { createThingTypeOperations } from './thing-types.ts'
import { createThingOperations } from './things.ts'
import { createTopicRuleOperations, type RuleSyntax } from './topic-rules.ts'

export interface IotControlOptions {
  readonly registry: Registry
  readonly accountId: string
  readonly clock: () => Date
  readonly endpoints: () => IotEndpoints
  readonly rules: RuleSyntax
  /** Hold each operation to AWS's default rate. */
  readonly quotas?: 'aws' | undefined
}

export interface IotControl {
  readonly operations: Operations
  readonly service: HttpService
}

/** AWS IoT's control plane (signing name `iot`). */
export function createIotControl(options: IotControlOptions): IotControl {
  const { registry, accountId, clock } = options
  const implemented: Record<OperationName, Operation> = {
    ...createThingOperations(registry),
    ...createThingTypeOperations(registry, clock),
    ...createThingGroupOperations(registry, clock),
    ...createGroupMembershipOperations(registry),
    ...createThingPrincipalOperations(registry),
    ...createCertificateOperations(registry, accountId, clock),
    ...createCertificateCreationOperations(registry, createCertificateIssuer(registry, clock), clock),
    ...createCertificateRegistrationOperations(registry, clock),
    ...createCaCertificateOperations(registry, accountId, clock),
    ...createCaRegistrationOperations(registry, clock),
    ...createPolicyOperations(registry, clock),
    ...createPolicyVersionOperations(registry, clock),
    ...createPolicyAttachmentOperations(registry),
    ...createRoleAliasOperations(registry, accountId, clock),
    ...createTopicRuleOperations(registry, options.rules, clock),
    ...createEndpointOperations(options.endpoints),
    ...createTagOperations(registry),
  }
  const throttle = options.quotas === 'aws' ? createThrottle(clock) : () => {}
  const operations = Object.fromEntries(
    (Object.keys(implemented) as OperationName[]).map((name) => [
      name,
      (input: Record<string, unknown>, call: Call) => {
        throttle(name)
        const request = readPayload(input)
        checkInput(name, request)
        authorize(name, request, call, registry)
        return implemented[name](request, call)
      },
    ]),
  )
  return { operations, service: restJson({ operations, routes: routes as readonly RestRoute[] }) }
}

/** The two topic rule operations have a structure as their whole HTTP body; the protocol hands it on as bytes. */
function readPayload(input: Record<string, unknown>): Record<string, unknown> {
  const { topicRulePayload } = input
  if (!(topicRulePayload instanceof Uint8Array)) return input
  try {
    return { ...input, topicRulePayload: JSON.parse(Buffer.from(topicRulePayload).toString()) }
  } catch (cause) {
    throw new AwsError('SerializationException', 'The request body is not JSON', 400, { cause })
  }
}

function authorize(name: OperationName, input: Record<string, unknown>, call: Call, registry: Registry): void {
  for (const resource of operationResources[name](input, registry)) {
    call.authorize(`iot:${name}`, resource, { context: tagContext(input, registry.tags.get(resource)) })
  }
}

function tagContext(
  { tags, tagKeys }: Record<string, unknown>,
  resourceTags: Readonly<Record<string, string>> = {},
): Record<string, string | string[]> {
  const requestTags = Array.isArray(tags) ? (tags as Tag[]) : []
  const keys = Array.isArray(tagKeys) ? (tagKeys as string[]) : requestTags.map(({ Key = '' }) => Key)
  return {
    ...Object.fromEntries(requestTags.map(({ Key, Value = '' }) => [`aws:RequestTag/${Key}`, Value])),
    ...Object.fromEntries(Object.entries(resourceTags).map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
    ...(keys.length > 0 && { 'aws:TagKeys': keys }),
  }
}
