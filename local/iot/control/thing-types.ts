import { randomUUID } from 'node:crypto'
import type {
  CreateThingTypeRequest,
  CreateThingTypeResponse,
  DeleteThingTypeRequest,
  DeleteThingTypeResponse,
  DeprecateThingTypeRequest,
  DeprecateThingTypeResponse,
  DescribeThingTypeRequest,
  DescribeThingTypeResponse,
  ListThingTypesRequest,
  ListThingTypesResponse,
  ThingTypeDefinition,
  ThingTypeProperties,
  UpdateThingTypeRequest,
  UpdateThingTypeResponse,
} from '@aws-sdk/client-iot'
import { notImplemented } from '#local/service.ts'
import type { Registry, ThingType } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, invalidRequest, notFound } from './errors.ts'
import { readPage } from './pages.ts'
import { addTags } from './tag-set.ts'

const maxSearchableAttributes = 3
const deleteAfterDeprecationMs = 5 * 60_000

export function createThingTypeOperations(registry: Registry, clock: () => Date) {
  const { thingTypes, arn } = registry

  function find(name: string): ThingType {
    const type = thingTypes.get(name)
    if (!type) throw notFound(`Thing type ${name} cannot be found.`)
    return type
  }

  function describe(type: ThingType): ThingTypeDefinition {
    const { thingTypeName, deprecatedAtMs } = type
    return {
      thingTypeName,
      thingTypeArn: arn.thingType(thingTypeName),
      thingTypeProperties: toProperties(type),
      thingTypeMetadata: {
        deprecated: deprecatedAtMs !== undefined,
        ...(deprecatedAtMs !== undefined && { deprecationDate: new Date(deprecatedAtMs) }),
        creationDate: new Date(type.createdAtMs),
      },
    }
  }

  return {
    CreateThingType(input: Checked<CreateThingTypeRequest>): CreateThingTypeResponse {
      const { thingTypeName } = input
      const thingTypeArn = arn.thingType(thingTypeName)
      const properties = readProperties(input.thingTypeProperties)
      const existing = thingTypes.get(thingTypeName)
      if (existing) {
        if (JSON.stringify(toProperties(existing)) === JSON.stringify(toProperties(properties))) {
          return { thingTypeName, thingTypeArn, thingTypeId: existing.thingTypeId }
        }
        throw alreadyExists(
          `Thing type ${thingTypeName} already exists in account with different properties`,
          thingTypeName,
          thingTypeArn,
        )
      }
      const thingTypeId = randomUUID()
      registry.transaction(() => {
        thingTypes.put(thingTypeName, { thingTypeName, thingTypeId, ...properties, createdAtMs: clock().getTime() })
        addTags(registry, thingTypeArn, input.tags)
      })
      return { thingTypeName, thingTypeArn, thingTypeId }
    },

    DescribeThingType({ thingTypeName }: Checked<DescribeThingTypeRequest>): DescribeThingTypeResponse {
      const type = find(thingTypeName)
      return { ...describe(type), thingTypeId: type.thingTypeId }
    },

    ListThingTypes(input: Checked<ListThingTypesRequest>): ListThingTypesResponse {
      const page = readPage({
        token: input.nextToken,
        limit: input.maxResults,
        // AWS matches thingTypeName by its beginning.
        read: (after = '', limit) => thingTypes.list({ after, limit, prefix: input.thingTypeName ?? '' }),
        cursorOf: ({ id }) => id,
      })
      return { thingTypes: page.rows.map(({ value }) => describe(value)), nextToken: page.next }
    },

    UpdateThingType(input: Checked<UpdateThingTypeRequest>): UpdateThingTypeResponse {
      const type = find(input.thingTypeName)
      if (input.thingTypeProperties?.searchableAttributes !== undefined) {
        throw notImplemented('UpdateThingType with searchableAttributes')
      }
      thingTypes.put(type.thingTypeName, { ...type, ...readProperties(input.thingTypeProperties) })
      return {}
    },

    DeprecateThingType(input: Checked<DeprecateThingTypeRequest>): DeprecateThingTypeResponse {
      const { deprecatedAtMs, ...type } = find(input.thingTypeName)
      const since = deprecatedAtMs ?? clock().getTime()
      thingTypes.put(type.thingTypeName, input.undoDeprecate ? type : { ...type, deprecatedAtMs: since })
      return {}
    },

    DeleteThingType({ thingTypeName }: Checked<DeleteThingTypeRequest>): DeleteThingTypeResponse {
      const { deprecatedAtMs } = find(thingTypeName)
      if (deprecatedAtMs === undefined) {
        throw invalidRequest(`Cannot delete thing type ${thingTypeName}: deprecate it first`)
      }
      if (clock().getTime() - deprecatedAtMs < deleteAfterDeprecationMs) {
        throw invalidRequest(`Please wait for 5 minutes after deprecation and then retry`)
      }
      const { rows } = readPage({
        token: undefined,
        limit: 1,
        read: (after = '', limit) => registry.things.list({ after, limit }),
        cursorOf: ({ id }) => id,
        keep: ({ value }) => value.thingTypeName === thingTypeName,
      })
      if (rows.length > 0) throw invalidRequest(`Cannot delete thing type ${thingTypeName}: things of this type exist`)
      registry.transaction(() => {
        thingTypes.delete(thingTypeName)
        registry.tags.delete(arn.thingType(thingTypeName))
      })
      return {}
    },
  }
}

type StoredProperties = Pick<ThingType, 'description' | 'searchableAttributes'>

function readProperties(properties: ThingTypeProperties = {}): StoredProperties {
  if (properties.mqtt5Configuration !== undefined) throw notImplemented('thing types with mqtt5Configuration')
  const { thingTypeDescription: description, searchableAttributes } = properties
  if (searchableAttributes && searchableAttributes.length > maxSearchableAttributes) {
    throw invalidRequest(`A thing type can have at most ${maxSearchableAttributes} searchable attributes`)
  }
  return {
    ...(description !== undefined && { description }),
    ...(searchableAttributes !== undefined && { searchableAttributes }),
  }
}

function toProperties({ description, searchableAttributes = [] }: StoredProperties): ThingTypeProperties {
  return {
    ...(description !== undefined && { thingTypeDescription: description }),
    searchableAttributes: [...searchableAttributes],
  }
}
