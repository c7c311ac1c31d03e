import type { EventEmitter } from 'node:events'
import type {
  AutoRegistrationStatus,
  CACertificateStatus,
  CertificateMode,
  CertificateStatus,
  RegistrationConfig,
  TopicRulePayload,
} from '@aws-sdk/client-iot'
import type { Collection } from '#local/store.ts'
import type { Aged, AgeRange } from './age-index.ts'
import type { Relation } from './relation.ts'

/** A thing. Its id in the collection is its name, and so for every type here that has a name. */
export interface Thing {
  readonly thingName: string
  readonly thingId: string
  readonly thingTypeName?: string
  readonly attributes: Readonly<Record<string, string>>
  readonly version: number
}

export interface ThingType {
  readonly thingTypeName: string
  readonly thingTypeId: string
  readonly description?: string
  readonly searchableAttributes?: readonly string[]
  readonly createdAtMs: number
  readonly deprecatedAtMs?: number
}

export interface ThingGroup {
  readonly thingGroupName: string
  readonly thingGroupId: string
  readonly parentGroupName?: string
  readonly description?: string
  readonly attributes: Readonly<Record<string, string>>
  readonly version: number
  readonly createdAtMs: number
}

/** A device certificate; its id is the lower-case hex SHA-256 of the DER. */
export interface Certificate {
  readonly certificateId: string
  readonly pem: string
  readonly status: CertificateStatus
  readonly mode: CertificateMode
  /** Absent when AWS IoT itself or an unregistered CA signed it. */
  readonly caCertificateId?: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly createdAtMs: number
  readonly modifiedAtMs: number
  readonly customerVersion: number
  readonly generationId: string
}

/** A registered CA; its id is made as a certificate's. */
export interface CaCertificate {
  readonly certificateId: string
  readonly pem: string
  readonly status: CACertificateStatus
  readonly mode: CertificateMode
  readonly autoRegistrationStatus: AutoRegistrationStatus
  readonly registrationConfig?: RegistrationConfig
  /** As node:crypto writes it: ten CAs may share one subject. */
  readonly subject: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly createdAtMs: number
  readonly modifiedAtMs: number
  readonly customerVersion: number
  readonly generationId: string
}

export interface PolicyVersion {
  readonly versionId: string
  /** The JSON text as it was given. */
  readonly document: string
  readonly createdAtMs: number
}

export interface Policy {
  readonly policyName: string
  readonly defaultVersionId: string
  /** The number of the newest version that ever was: version numbers are not used twice. */
  readonly lastVersion: number
  readonly versions: readonly PolicyVersion[]
  readonly createdAtMs: number
  readonly modifiedAtMs: number
  readonly generationId: string
}

export interface RoleAlias {
  readonly roleAlias: string
  readonly roleArn: string
  readonly credentialDurationSeconds: number
  readonly createdAtMs: number
  readonly modifiedAtMs: number
}

export interface TopicRule {
  readonly ruleName: string
  /** As CreateTopicRule took it; `ruleDisabled` says whether the rule runs. */
  readonly payload: TopicRulePayload
  readonly createdAtMs: number
}

/** A policy that takes part in what a device may do, in its default version. */
interface EffectivePolicy {
  readonly policyName: string
  readonly policyArn: string
  readonly policyDocument: string
}

/** Something was written or deleted: read it again by its id. For a relation the id is `left right`. */
export interface RegistryChange {
  readonly kind:
    | 'thing'
    | 'thingType'
    | 'thingGroup'
    | 'certificate'
    | 'caCertificate'
    | 'policy'
    | 'roleAlias'
    | 'topicRule'
    | 'thingPrincipal'
    | 'groupMember'
    | 'policyTarget'
  readonly id: string
}

export interface Registry {
  readonly things: Collection<Thing>
  readonly thingTypes: Collection<ThingType>
  readonly thingGroups: Collection<ThingGroup>
  readonly certificates: Collection<Certificate>
  readonly caCertificates: Collection<CaCertificate>
  readonly policies: Collection<Policy>
  readonly roleAliases: Collection<RoleAlias>
  readonly topicRules: Collection<TopicRule>
  /** Tags by the ARN of what carries them. */
  readonly tags: Collection<Readonly<Record<string, string>>>
  /** One value each: `registrationCode`, the certificate issuer's key and certificate. */
  readonly settings: Collection<string>

  /** thing name → certificate id. */
  readonly thingPrincipals: Relation
  /** thing group name → thing name. */
  readonly groupMembers: Relation
  /** policy name → target: a certificate's or a thing group's ARN. */
  readonly policyTargets: Relation

  /** Reads in the order of creation; equal times are ordered by id. */
  listByAge<T>(collection: 'certificate' | 'caCertificate' | 'policy', range: AgeRange): Aged<T>[]

  readonly arn: RegistryArns
  /** Emits `change` after the write is durable; within a transaction after its commit. */
  readonly changes: EventEmitter<{ change: [RegistryChange] }>

  thingsOf(certificateId: string): Thing[]
  /** The groups that a thing is a direct member of and all their parents. */
  groupsOf(thingName: string): ThingGroup[]
  /**
   * The policies that decide what a certificate may do: its own, and those of the groups (and their parents) of the
   * thing, provided that the thing is attached to the certificate.
   */
  effectivePolicies(certificateId: string, thingName?: string): EffectivePolicy[]
  enabledTopicRules(): TopicRule[]
  /** Just-in-time registration: writes the certificate as PENDING_ACTIVATION unless it is known; returns what is known. */
  registerPending(certificatePem: string, caCertificateId: string): Certificate

  transaction<R>(work: () => R): R
  close(): void
}

export interface RegistryArns {
  thing(thingName: string): string
  thingType(thingTypeName: string): string
  thingGroup(thingGroupName: string): string
  certificate(certificateId: string): string
  caCertificate(certificateId: string): string
  policy(policyName: string): string
  roleAlias(roleAlias: string): string
  topicRule(ruleName: string): string
}
