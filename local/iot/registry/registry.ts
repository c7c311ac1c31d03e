import { join } from 'node:path'
import { openStore } from '#local/store.ts'
import { createAgeIndex } from './age-index.ts'
import { createArns } from './arns.ts'
import { createCertificateRecord } from './certificate-record.ts'
import { createChangeFeed } from './change-feed.ts'
import { createRelation } from './relation.ts'
import type {
  CaCertificate,
  Certificate,
  Policy,
  Registry,
  RoleAlias,
  Thing,
  ThingGroup,
  ThingType,
  TopicRule,
} from './types.ts'

export interface RegistryOptions {
  /** Holds `iot.db`. */
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
}

/** The data of AWS IoT's control plane, and the questions that the data plane asks of it. */
export function createRegistry({ folder, accountId, region, clock }: RegistryOptions): Registry {
  const store = openStore(join(folder, 'iot.db'))
  const feed = createChangeFeed(store)
  const present = <T>(value: T | undefined): value is T => value !== undefined

  const things = feed.observed<Thing>('thing')
  const thingGroups = feed.observed<ThingGroup>('thingGroup')
  const certificates = feed.observed<Certificate>('certificate')
  const caCertificates = feed.observed<CaCertificate>('caCertificate')
  const policies = feed.observed<Policy>('policy')
  const topicRules = feed.observed<TopicRule>('topicRule')
  const thingPrincipals = createRelation(store, feed, 'thingPrincipal')
  const groupMembers = createRelation(store, feed, 'groupMember')
  const policyTargets = createRelation(store, feed, 'policyTarget')
  const arn = createArns(region, accountId)

  function groupsOf(thingName: string): ThingGroup[] {
    const found = new Map<string, ThingGroup>()
    for (const name of groupMembers.leftsOf(thingName)) {
      for (let group = thingGroups.get(name); group; group = thingGroups.get(group.parentGroupName ?? '')) {
        found.set(group.thingGroupName, group)
      }
    }
    return [...found.values()]
  }

  return {
    things,
    thingTypes: feed.observed<ThingType>('thingType'),
    thingGroups,
    certificates,
    caCertificates,
    policies,
    roleAliases: feed.observed<RoleAlias>('roleAlias'),
    topicRules,
    tags: store.collection('tags'),
    settings: store.collection('setting'),
    thingPrincipals,
    groupMembers,
    policyTargets,
    listByAge: createAgeIndex(store),
    arn,
    changes: feed.changes,
    groupsOf,
    thingsOf: (certificateId) =>
      thingPrincipals
        .leftsOf(certificateId)
        .map((name) => things.get(name))
        .filter(present),
    effectivePolicies(certificateId, thingName) {
      const attached = thingName !== undefined && thingPrincipals.has(thingName, certificateId)
      const groupArns = attached ? groupsOf(thingName).map((group) => arn.thingGroup(group.thingGroupName)) : []
      const names = new Set([arn.certificate(certificateId), ...groupArns].flatMap((to) => policyTargets.leftsOf(to)))
      return [...names]
        .map((name) => policies.get(name))
        .filter(present)
        .map((policy) => ({
          policyName: policy.policyName,
          policyArn: arn.policy(policy.policyName),
          policyDocument: defaultDocument(policy),
        }))
    },
    enabledTopicRules: () =>
      topicRules
        .list()
        .map(({ value }) => value)
        .filter((rule) => rule.payload.ruleDisabled !== true),
    registerPending(certificatePem, caCertificateId) {
      const mode = caCertificates.get(caCertificateId)?.mode ?? 'DEFAULT'
      const record = createCertificateRecord(
        certificatePem,
        { status: 'PENDING_ACTIVATION', mode, caCertificateId },
        clock(),
      )
      certificates.create(record.certificateId, record)
      return certificates.get(record.certificateId) ?? record
    },
    transaction: feed.transaction,
    close: () => store.close(),
  }
}

function defaultDocument(policy: Policy): string {
  const version = policy.versions.find(({ versionId }) => versionId === policy.defaultVersionId)
  if (!version) throw new Error(`policy ${policy.policyName} has lost its default version`)
  return version.document
}
