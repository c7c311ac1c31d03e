import { randomUUID } from 'node:crypto'
import type {
  CreateThingRequest,
  CreateThingResponse,
  DeleteThingRequest,
  DeleteThingResponse,
  DescribeThingRequest,
  DescribeThingResponse,
  ListThingsRequest,
  ListThingsResponse,
  UpdateThingRequest,
  UpdateThingResponse,
} from '@aws-sdk/client-iot'
import { notImplemented } from '#local/service.ts'
import type { Registry, Thing } from '../registry/types.ts'
import { applyAttributes, sameAttributes } from './attributes.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, invalidRequest, notFound, versionConflict } from './errors.ts'
import { readPage } from './pages.ts'

/** Attributes of a thing without and with a thing type: AWS IoT Device Management quotas. */
const maxUntypedAttributes = 3
const maxTypedAttributes = 50

export function findThing(registry: Registry, thingName: string): Thing {
  const thing = registry.things.get(thingName)
  if (!thing) throw notFound(`Thing ${thingName} cannot be found.`)
  return thing
}

export function createThingOperations(registry: Registry) {
  const { things, thingTypes, arn } = registry

  function checkUsableType(thingTypeName: string, refusal: string): void {
    const type = thingTypes.get(thingTypeName)
    if (!type) throw notFound(`Thing type ${thingTypeName} cannot be found.`)
    if (type.deprecatedAtMs !== undefined) throw invalidRequest(`${refusal}${thingTypeName}`)
  }

  function checkAttributeCount({ attributes, thingTypeName }: Thing): void {
    const max = thingTypeName === undefined ? maxUntypedAttributes : maxTypedAttributes
    const count = Object.keys(attributes).length
    if (count > max) throw invalidRequest(`The thing has ${count} attributes, more than the maximum of ${max}`)
  }

  return {
    CreateThing(input: Checked<CreateThingRequest>): CreateThingResponse {
      if (input.billingGroupName !== undefined) throw notImplemented('CreateThing with billingGroupName')
      const { thingName, thingTypeName } = input
      const created: Thing = {
        thingName,
        thingId: randomUUID(),
        ...(thingTypeName !== undefined && { thingTypeName }),
        attributes: applyAttributes({}, input.attributePayload),
        version: 1,
      }
      const existing = things.get(thingName)
      if (existing) {
        const same = existing.thingTypeName === thingTypeName && sameAttributes(existing.attributes, created.attributes)
        if (same) return { thingName, thingArn: arn.thing(thingName), thingId: existing.thingId }
        const difference = existing.thingTypeName === thingTypeName ? 'attributes' : 'thing type'
        throw alreadyExists(
          `Thing ${thingName} already exists in account with different ${difference}`,
          thingName,
          arn.thing(thingName),
        )
      }
      // AWS's own spelling.
      if (thingTypeName) checkUsableType(thingTypeName, 'Can not create new thing with depreated thing type:')
      checkAttributeCount(created)
      things.put(thingName, created)
      return { thingName, thingArn: arn.thing(thingName), thingId: created.thingId }
    },

    DescribeThing({ thingName }: Checked<DescribeThingRequest>): DescribeThingResponse {
      const thing = findThing(registry, thingName)
      return { ...thing, defaultClientId: thingName, thingArn: arn.thing(thingName) }
    },

    UpdateThing(input: Checked<UpdateThingRequest>): UpdateThingResponse {
      const { thingName, thingTypeName, removeThingType = false } = input
      const thing = findThing(registry, thingName)
      if (input.expectedVersion !== undefined && input.expectedVersion !== thing.version) {
        throw versionConflict(`thing ${thingName}`)
      }
      if (thingTypeName !== undefined) {
        if (removeThingType) throw invalidRequest('thingTypeName and removeThingType cannot be given together')
        checkUsableType(thingTypeName, 'Can not update a thing to use deprecated thing type: ')
      }
      const { thingTypeName: formerType, ...untyped } = thing
      const nextType = thingTypeName ?? (removeThingType ? undefined : formerType)
      const updated: Thing = {
        ...untyped,
        ...(nextType !== undefined && { thingTypeName: nextType }),
        attributes: applyAttributes(thing.attributes, input.attributePayload),
        version: thing.version + 1,
      }
      checkAttributeCount(updated)
      things.put(thingName, updated)
      return {}
    },

    /** Succeeds for a thing that does not exist, as the API reference says. */
    DeleteThing({ thingName, expectedVersion }: Checked<DeleteThingRequest>): DeleteThingResponse {
      const thing = things.get(thingName)
      if (!thing) return {}
      if (expectedVersion !== undefined && expectedVersion !== thing.version)
        throw versionConflict(`thing ${thingName}`)
      if (registry.thingPrincipals.rightsOf(thingName, { limit: 1 }).length > 0) {
        throw invalidRequest(`Cannot delete. Thing ${thingName} is still attached to one or more principals`)
      }
      registry.transaction(() => {
        for (const group of registry.groupMembers.leftsOf(thingName)) registry.groupMembers.remove(group, thingName)
        things.delete(thingName)
      })
      return {}
    },

    ListThings(input: Checked<ListThingsRequest>): ListThingsResponse {
      const keep = thingFilter(input)
      const page = readPage({
        token: input.nextToken,
        limit: input.maxResults,
        read: (after = '', limit) => things.list({ after, limit }),
        cursorOf: ({ id }) => id,
        keep: keep && (({ value }) => keep(value)),
      })
      return {
        things: page.rows.map(({ value: { thingId: _, ...thing } }) => ({
          ...thing,
          thingArn: arn.thing(thing.thingName),
        })),
        nextToken: page.next,
      }
    },
  }
}

function thingFilter(input: Checked<ListThingsRequest>): ((thing: Thing) => boolean) | undefined {
  const { attributeName, attributeValue, thingTypeName, usePrefixAttributeValue = false } = input
  if (attributeName === undefined && attributeValue !== undefined) {
    throw invalidRequest('attributeValue needs attributeName')
  }
  if (attributeName === undefined && thingTypeName === undefined) return undefined
  return (thing) => {
    if (thingTypeName !== undefined && thing.thingTypeName !== thingTypeName) return false
    if (attributeName === undefined) return true
    if (!Object.hasOwn(thing.attributes, attributeName)) return false
    const value = thing.attributes[attributeName] ?? ''
    if (attributeValue === undefined) return true
    return usePrefixAttributeValue ? value.startsWith(attributeValue) : value === attributeValue
  }
}
