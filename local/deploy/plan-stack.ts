import type { z } from 'zod'
import { orderByDependency } from './order-by-dependency.ts'
import { readParameters } from './read-parameters.ts'
import { evaluateCondition, resolve, type Scope } from './resolve.ts'
import type { ResourceType } from './resource-type.ts'
import { findResourceType } from './resources/index.ts'
import { describeIssue, type Template, type TemplateResource } from './template.ts'
import { TemplateError } from './template-error.ts'

export interface PlannedResource {
  readonly logicalId: string
  readonly template: TemplateResource
  readonly type: ResourceType
  readonly dependsOn: ReadonlySet<string>
}

export interface StackPlan {
  /** Each resource after those that it depends on. */
  readonly resources: readonly PlannedResource[]
  readonly parameters: Readonly<Record<string, unknown>>
  /** The scope in which resources that were created resolve. */
  scope(deployed: DeployedValues): Scope
}

export interface DeployedValues {
  physicalId(logicalId: string): string | undefined
  attribute(logicalId: string, name: string): unknown
}

export type PseudoParameters = Readonly<Record<`AWS::${string}`, unknown>>

/** Checks the whole template, so that nothing is created from one that cannot be finished. */
export function planStack(
  template: Template,
  pseudo: PseudoParameters,
  given: Readonly<Record<string, unknown>> = {},
): StackPlan {
  const problems: string[] = []
  const collect = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }

  const parameters = collect(() => readParameters(template, given)) ?? {}
  const scope = (values: DeployedValues, preview: boolean): Scope => {
    const conditions = new Map<string, boolean | undefined>()
    const made: Scope = {
      mappings: template.Mappings,
      preview,
      ref: (name) => parameters[name] ?? pseudo[name as `AWS::${string}`] ?? values.physicalId(name),
      attribute: values.attribute,
      condition(name) {
        if (!conditions.has(name) && Object.hasOwn(template.Conditions, name)) {
          conditions.set(name, undefined) // a condition that names itself finds nothing
          conditions.set(name, evaluateCondition(template.Conditions[name], made, `Conditions.${name}`))
        }
        return conditions.get(name)
      },
    }
    return made
  }

  const nothing = scope({ physicalId: () => undefined, attribute: () => undefined }, true)
  const isWanted = (path: string, condition: string | undefined) =>
    !condition || (collect(() => evaluateCondition({ Condition: condition }, nothing, path)) ?? false)
  const wanted = Object.entries(template.Resources).filter(
    ([logicalId, resource]) =>
      resource.Type !== 'AWS::CDK::Metadata' && isWanted(`Resources.${logicalId}`, resource.Condition),
  )
  const types = new Map<string, ResourceType>()
  for (const [logicalId, resource] of wanted) {
    const type = findResourceType(resource.Type)
    if (type) types.set(logicalId, type)
    else problems.push(`Resources.${logicalId}: the embedded cloud has no resource type ${resource.Type}`)
  }

  const planned = wanted.flatMap(([logicalId, resource]): PlannedResource[] => {
    const type = types.get(logicalId)
    if (!type) return []
    const dependsOn = new Set(resource.DependsOn)
    const preview = scope(previewValues(template, types, dependsOn), true)
    const path = `Resources.${logicalId}`
    collect(() => readProperties(type, resource, preview, path))
    for (const id of dependsOn) {
      if (!Object.hasOwn(template.Resources, id)) problems.push(`${path}: depends on '${id}', which is not there`)
    }
    return [{ logicalId, template: resource, type, dependsOn }]
  })
  for (const [name, output] of Object.entries(template.Outputs)) {
    if (isWanted(`Outputs.${name}`, output.Condition)) {
      collect(() => resolve(output.Value, scope(previewValues(template, types, new Set()), true), `Outputs.${name}`))
    }
  }
  const resources = collect(() => orderByDependency(planned))
  if (problems.length > 0 || !resources) throw new TemplateError(problems)
  return { resources, parameters, scope: (values) => scope(values, false) }
}

/** Resolves a resource's properties and reads them with its type's schema. */
export function readProperties(
  type: ResourceType,
  resource: TemplateResource,
  scope: Scope,
  path: string,
): { resolved: unknown; properties: unknown } {
  const resolved = resolve(resource.Properties, scope, `${path}.Properties`)
  const result = type.schema.safeParse(resolved)
  if (!result.success) {
    const under = [path, `(${resource.Type})`]
    throw new TemplateError(result.error.issues.map((issue: z.core.$ZodIssue) => describeIssue(issue, under)))
  }
  return { resolved, properties: result.data }
}

/** Stands in for resources that do not exist yet, and notes which of them are asked for. */
function previewValues(
  template: Template,
  types: ReadonlyMap<string, ResourceType>,
  asked: Set<string>,
): DeployedValues {
  return {
    physicalId(logicalId) {
      if (!types.has(logicalId) && !Object.hasOwn(template.Resources, logicalId)) return undefined
      asked.add(logicalId)
      return `<${logicalId}>`
    },
    attribute(logicalId, name) {
      const type = types.get(logicalId)
      if (!type) return Object.hasOwn(template.Resources, logicalId) ? `<${logicalId}.${name}>` : undefined
      asked.add(logicalId)
      return type.attributes === 'any' || type.attributes.includes(name) ? `<${logicalId}.${name}>` : undefined
    },
  }
}
