import type { Registry, RegistryArns } from '../registry/types.ts'
import { readMembership } from './group-membership.ts'
import { targetArn } from './principals.ts'

// biome-ignore lint/suspicious/noExplicitAny: each entry reads the members that its operation's API shape has
type ResourcesOf = (input: any, registry: Registry) => readonly string[]

const any: ResourcesOf = () => ['*']
const named =
  (kind: keyof RegistryArns, member: string): ResourcesOf =>
  (input, { arn }) => [arn[kind](input[member])]
const thing = named('thing', 'thingName')
const thingType = named('thingType', 'thingTypeName')
const thingGroup = named('thingGroup', 'thingGroupName')
const certificate = named('certificate', 'certificateId')
const caCertificate = named('caCertificate', 'certificateId')
const policy = named('policy', 'policyName')
const roleAlias = named('roleAlias', 'roleAlias')
const topicRule = named('topicRule', 'ruleName')
const target: ResourcesOf = (input, registry) => [targetArn(input.target, registry)]
const principal: ResourcesOf = (input, registry) => [targetArn(input.principal ?? '*', registry)]
const tagged: ResourcesOf = (input) => [input.resourceArn]
const newThingGroup: ResourcesOf = ({ thingGroupName, parentGroupName }, { arn }) =>
  [thingGroupName, ...(parentGroupName === undefined ? [] : [parentGroupName])].map(arn.thingGroup)
const membership: ResourcesOf = (input, registry) => {
  const { thingName, thingGroupName } = readMembership(input, registry)
  return [registry.arn.thingGroup(thingGroupName), registry.arn.thing(thingName)]
}

/**
 * The operations there are, and what each needs `iot:<operation>` for: "How AWS IoT works with IAM", the table of actions.
 * CreatePolicy follows the service authorization reference, which is newer and names the policy.
 */
export const operationResources = {
  CreateThing: thing,
  DescribeThing: thing,
  UpdateThing: thing,
  DeleteThing: thing,
  ListThings: any,

  CreateThingType: thingType,
  DescribeThingType: thingType,
  UpdateThingType: thingType,
  DeprecateThingType: thingType,
  DeleteThingType: thingType,
  ListThingTypes: any,

  CreateThingGroup: newThingGroup,
  DescribeThingGroup: thingGroup,
  UpdateThingGroup: thingGroup,
  DeleteThingGroup: thingGroup,
  ListThingGroups: any,
  AddThingToThingGroup: membership,
  RemoveThingFromThingGroup: membership,
  UpdateThingGroupsForThing: thing,
  ListThingGroupsForThing: thing,
  ListThingsInThingGroup: thingGroup,

  AttachThingPrincipal: principal,
  DetachThingPrincipal: principal,
  ListThingPrincipals: thing,
  ListThingPrincipalsV2: thing,
  ListPrincipalThings: principal,
  ListPrincipalThingsV2: principal,

  CreateKeysAndCertificate: any,
  CreateCertificateFromCsr: any,
  RegisterCertificate: any,
  RegisterCertificateWithoutCA: any,
  DescribeCertificate: certificate,
  UpdateCertificate: certificate,
  DeleteCertificate: certificate,
  ListCertificates: any,
  ListCertificatesByCA: any,

  GetRegistrationCode: any,
  DeleteRegistrationCode: any,
  RegisterCACertificate: any,
  DescribeCACertificate: caCertificate,
  UpdateCACertificate: caCertificate,
  DeleteCACertificate: caCertificate,
  ListCACertificates: any,

  CreatePolicy: policy,
  GetPolicy: policy,
  DeletePolicy: policy,
  ListPolicies: any,
  CreatePolicyVersion: policy,
  GetPolicyVersion: policy,
  ListPolicyVersions: policy,
  SetDefaultPolicyVersion: policy,
  DeletePolicyVersion: policy,
  AttachPolicy: target,
  DetachPolicy: target,
  ListAttachedPolicies: target,
  ListTargetsForPolicy: policy,
  AttachPrincipalPolicy: principal,
  DetachPrincipalPolicy: principal,
  ListPrincipalPolicies: principal,
  ListPolicyPrincipals: policy,
  GetEffectivePolicies: principal,

  CreateRoleAlias: roleAlias,
  DescribeRoleAlias: roleAlias,
  UpdateRoleAlias: roleAlias,
  DeleteRoleAlias: roleAlias,
  ListRoleAliases: any,

  CreateTopicRule: topicRule,
  ReplaceTopicRule: topicRule,
  GetTopicRule: topicRule,
  EnableTopicRule: topicRule,
  DisableTopicRule: topicRule,
  DeleteTopicRule: topicRule,
  ListTopicRules: any,

  DescribeEndpoint: any,
  TagResource: tagged,
  UntagResource: tagged,
  ListTagsForResource: tagged,
} as const satisfies Readonly<Record<string, ResourcesOf>>

export type OperationName = keyof typeof operationResources
