import { randomUUID } from 'node:crypto'
import type {
  CreateThingGroupRequest,
  CreateThingGroupResponse,
  DeleteThingGroupRequest,
  DeleteThingGroupResponse,
  DescribeThingGroupRequest,
  DescribeThingGroupResponse,
  GroupNameAndArn,
  ListThingGroupsRequest,
  ListThingGroupsResponse,
  UpdateThingGroupRequest,
  UpdateThingGroupResponse,
} from '@aws-sdk/client-iot'
import type { Registry, ThingGroup } from '../registry/types.ts'
import { applyAttributes, sameAttributes } from './attributes.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, invalidRequest, notFound, versionConflict } from './errors.ts'
import { readPage } from './pages.ts'
import { addTags } from './tag-set.ts'

/** The depth of a hierarchy: AWS IoT Device Management quotas. */
const maxDepth = 7

export function findThingGroup(registry: Registry, thingGroupName: string): ThingGroup {
  const group = registry.thingGroups.get(thingGroupName)
  if (!group) throw notFound(`Thing group ${thingGroupName} cannot be found.`)
  return group
}

/** From the root of the hierarchy to the group's parent. */
export function ancestorsOf(registry: Registry, group: ThingGroup): ThingGroup[] {
  if (group.parentGroupName === undefined) return []
  const parent = findThingGroup(registry, group.parentGroupName)
  return [...ancestorsOf(registry, parent), parent]
}

export function createThingGroupOperations(registry: Registry, clock: () => Date) {
  const { thingGroups, arn } = registry
  const toNameAndArn = ({ thingGroupName }: ThingGroup): GroupNameAndArn => ({
    groupName: thingGroupName,
    groupArn: arn.thingGroup(thingGroupName),
  })

  return {
    CreateThingGroup(input: Checked<CreateThingGroupRequest>): CreateThingGroupResponse {
      const { thingGroupName, parentGroupName, thingGroupProperties: properties } = input
      const thingGroupArn = arn.thingGroup(thingGroupName)
      const description = properties?.thingGroupDescription
      const created: ThingGroup = {
        thingGroupName,
        thingGroupId: randomUUID(),
        ...(parentGroupName !== undefined && { parentGroupName }),
        ...(description !== undefined && { description }),
        attributes: applyAttributes({}, properties?.attributePayload),
        version: 1,
        createdAtMs: clock().getTime(),
      }
      const existing = thingGroups.get(thingGroupName)
      if (existing) {
        if (isSame(existing, created)) return { thingGroupName, thingGroupArn, thingGroupId: existing.thingGroupId }
        throw alreadyExists(
          `Thing Group ${thingGroupName} already exists in current account with different properties`,
          existing.thingGroupId,
          thingGroupArn,
        )
      }
      if (ancestorsOf(registry, created).length >= maxDepth) {
        throw invalidRequest(`A hierarchy of thing groups can be at most ${maxDepth} groups deep`)
      }
      registry.transaction(() => {
        thingGroups.put(thingGroupName, created)
        addTags(registry, thingGroupArn, input.tags)
      })
      return { thingGroupName, thingGroupArn, thingGroupId: created.thingGroupId }
    },

    DescribeThingGroup({ thingGroupName }: Checked<DescribeThingGroupRequest>): DescribeThingGroupResponse {
      const group = findThingGroup(registry, thingGroupName)
      return {
        thingGroupName,
        thingGroupArn: arn.thingGroup(thingGroupName),
        thingGroupId: group.thingGroupId,
        version: group.version,
        thingGroupProperties: {
          ...(group.description !== undefined && { thingGroupDescription: group.description }),
          ...(Object.keys(group.attributes).length > 0 && {
            attributePayload: { attributes: { ...group.attributes } },
          }),
        },
        thingGroupMetadata: {
          ...(group.parentGroupName !== undefined && {
            parentGroupName: group.parentGroupName,
            rootToParentThingGroups: ancestorsOf(registry, group).map(toNameAndArn),
          }),
          creationDate: new Date(group.createdAtMs),
        },
      }
    },

    UpdateThingGroup(input: Checked<UpdateThingGroupRequest>): UpdateThingGroupResponse {
      const { thingGroupName, thingGroupProperties: properties, expectedVersion } = input
      const group = findThingGroup(registry, thingGroupName)
      if (expectedVersion !== undefined && expectedVersion !== group.version) {
        throw versionConflict(`thing group ${thingGroupName}`)
      }
      const description = properties.thingGroupDescription ?? group.description
      const version = group.version + 1
      thingGroups.put(thingGroupName, {
        ...group,
        ...(description !== undefined && { description }),
        attributes: applyAttributes(group.attributes, properties.attributePayload),
        version,
      })
      return { version }
    },

    /** Succeeds for a group that does not exist, as the API reference says. */
    DeleteThingGroup(input: Checked<DeleteThingGroupRequest>): DeleteThingGroupResponse {
      const { thingGroupName, expectedVersion } = input
      const group = thingGroups.get(thingGroupName)
      if (!group) return {}
      if (expectedVersion !== undefined && expectedVersion !== group.version) {
        throw versionConflict(`thing group ${thingGroupName}`)
      }
      if (thingGroups.list().some(({ value }) => value.parentGroupName === thingGroupName)) {
        throw invalidRequest(
          `Cannot delete thing group : ${thingGroupName} when there are still child groups attached to it`,
        )
      }
      const target = arn.thingGroup(thingGroupName)
      registry.transaction(() => {
        for (const thing of registry.groupMembers.rightsOf(thingGroupName)) {
          registry.groupMembers.remove(thingGroupName, thing)
        }
        for (const policy of registry.policyTargets.leftsOf(target)) registry.policyTargets.remove(policy, target)
        registry.tags.delete(target)
        thingGroups.delete(thingGroupName)
      })
      return {}
    },

    /** Without `recursive`, a parent's listing has its children only; without a parent it has every group. */
    ListThingGroups(input: Checked<ListThingGroupsRequest>): ListThingGroupsResponse {
      const { parentGroup, namePrefixFilter = '', recursive } = input
      if (parentGroup !== undefined) findThingGroup(registry, parentGroup)
      const keep = (group: ThingGroup) => {
        if (parentGroup === undefined) return recursive !== false || group.parentGroupName === undefined
        if (recursive !== true) return group.parentGroupName === parentGroup
        return ancestorsOf(registry, group).some(({ thingGroupName }) => thingGroupName === parentGroup)
      }
      const page = readPage({
        token: input.nextToken,
        limit: input.maxResults,
        read: (after = '', limit) => thingGroups.list({ after, limit, prefix: namePrefixFilter }),
        cursorOf: ({ id }) => id,
        keep: ({ value }) => keep(value),
      })
      return { thingGroups: page.rows.map(({ value }) => toNameAndArn(value)), nextToken: page.next }
    },
  }
}

function isSame(left: ThingGroup, right: ThingGroup): boolean {
  return (
    left.parentGroupName === right.parentGroupName &&
    left.description === right.description &&
    sameAttributes(left.attributes, right.attributes)
  )
}
