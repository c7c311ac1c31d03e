import type {
  AddThingToThingGroupRequest,
  AddThingToThingGroupResponse,
  ListThingGroupsForThingRequest,
  ListThingGroupsForThingResponse,
  ListThingsInThingGroupRequest,
  ListThingsInThingGroupResponse,
  RemoveThingFromThingGroupRequest,
  RemoveThingFromThingGroupResponse,
  UpdateThingGroupsForThingRequest,
  UpdateThingGroupsForThingResponse,
} from '@aws-sdk/client-iot'
import type { Registry, ThingGroup } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { invalidRequest, limitExceeded } from './errors.ts'
import { pageNames, readPage } from './pages.ts'
import { ancestorsOf, findThingGroup } from './thing-groups.ts'
import { findThing } from './things.ts'

/** Groups that one thing can be in: AWS IoT Device Management quotas. */
const maxGroupsOfThing = 10

export interface Membership {
  readonly thingName?: string | undefined
  readonly thingArn?: string | undefined
  readonly thingGroupName?: string | undefined
  readonly thingGroupArn?: string | undefined
}

/** A request names a thing and a group by name, by ARN, or by both. */
export function readMembership(input: Membership, { arn }: Registry): { thingName: string; thingGroupName: string } {
  return {
    thingName: readName('thing', input.thingName, input.thingArn, arn.thing),
    thingGroupName: readName('thingGroup', input.thingGroupName, input.thingGroupArn, arn.thingGroup),
  }
}

function readName(
  what: string,
  name: string | undefined,
  arn: string | undefined,
  toArn: (name: string) => string,
): string {
  const found = name ?? arn?.slice(arn.lastIndexOf('/') + 1)
  if (found === undefined) {
    throw invalidRequest(`Both ${what}Arn and ${what}Name are empty. Need to specify at least one of them`)
  }
  if (arn !== undefined && arn !== toArn(found)) throw invalidRequest(`${what}Arn does not match ${what} ${found}`)
  return found
}

export function createGroupMembershipOperations(registry: Registry) {
  const { groupMembers, thingGroups } = registry

  function add(thingName: string, thingGroupName: string): void {
    findThing(registry, thingName)
    const group = findThingGroup(registry, thingGroupName)
    if (groupMembers.has(thingGroupName, thingName)) return
    const current = groupMembers.leftsOf(thingName)
    if (current.length >= maxGroupsOfThing) {
      throw limitExceeded(`Thing ${thingName} is in ${maxGroupsOfThing} thing groups already`)
    }
    const root = rootOf(group)
    const relative = current.find((name) => rootOf(findThingGroup(registry, name)) === root)
    if (relative !== undefined) {
      throw invalidRequest(
        `Thing ${thingName} is in group ${relative} already, which is in the same hierarchy as ${thingGroupName}`,
      )
    }
    groupMembers.add(thingGroupName, thingName)
  }

  function remove(thingName: string, thingGroupName: string): void {
    findThing(registry, thingName)
    findThingGroup(registry, thingGroupName)
    groupMembers.remove(thingGroupName, thingName)
  }

  function rootOf(group: ThingGroup): string {
    return (ancestorsOf(registry, group)[0] ?? group).thingGroupName
  }

  return {
    AddThingToThingGroup(input: Checked<AddThingToThingGroupRequest>): AddThingToThingGroupResponse {
      const { thingName, thingGroupName } = readMembership(input, registry)
      add(thingName, thingGroupName)
      return {}
    },

    RemoveThingFromThingGroup(input: Checked<RemoveThingFromThingGroupRequest>): RemoveThingFromThingGroupResponse {
      const { thingName, thingGroupName } = readMembership(input, registry)
      remove(thingName, thingGroupName)
      return {}
    },

    UpdateThingGroupsForThing(input: Checked<UpdateThingGroupsForThingRequest>): UpdateThingGroupsForThingResponse {
      const { thingName, thingGroupsToAdd = [], thingGroupsToRemove = [] } = input
      if (thingName === undefined) throw invalidRequest('thingName is required')
      registry.transaction(() => {
        for (const group of thingGroupsToRemove) remove(thingName, group)
        for (const group of thingGroupsToAdd) add(thingName, group)
      })
      return {}
    },

    ListThingGroupsForThing(input: Checked<ListThingGroupsForThingRequest>): ListThingGroupsForThingResponse {
      findThing(registry, input.thingName)
      const page = pageNames(groupMembers.leftsOf(input.thingName), input.nextToken, input.maxResults)
      return {
        thingGroups: page.rows.map((groupName) => ({ groupName, groupArn: registry.arn.thingGroup(groupName) })),
        nextToken: page.next,
      }
    },

    ListThingsInThingGroup(input: Checked<ListThingsInThingGroupRequest>): ListThingsInThingGroupResponse {
      const { thingGroupName, recursive = false } = input
      findThingGroup(registry, thingGroupName)
      const page = recursive
        ? pageNames(membersBelow(thingGroupName), input.nextToken, input.maxResults)
        : readPage({
            token: input.nextToken,
            limit: input.maxResults,
            read: (after, limit) => groupMembers.rightsOf(thingGroupName, { after, limit }),
            cursorOf: (name) => name,
          })
      return { things: [...page.rows], nextToken: page.next }
    },
  }

  function membersBelow(thingGroupName: string): string[] {
    const below = thingGroups
      .list()
      .map(({ value }) => value)
      .filter((group) =>
        [...ancestorsOf(registry, group), group].some((member) => member.thingGroupName === thingGroupName),
      )
    return below.flatMap((group) => groupMembers.rightsOf(group.thingGroupName)).sort()
  }
}
