import { TemplateError } from './template-error.ts'

interface Dependent {
  readonly logicalId: string
  readonly dependsOn: ReadonlySet<string>
}

/** Each resource after those that it depends on; otherwise in the template's order. */
export function orderByDependency<T extends Dependent>(resources: readonly T[]): T[] {
  const byId = new Map(resources.map((resource) => [resource.logicalId, resource]))
  const ordered = new Set<T>()
  const visit = (resource: T, way: readonly string[]) => {
    if (ordered.has(resource)) return
    const start = way.indexOf(resource.logicalId)
    if (start >= 0) {
      throw new TemplateError([`Circular dependency: ${[...way.slice(start), resource.logicalId].join(' → ')}`])
    }
    for (const id of resource.dependsOn) {
      const dependency = byId.get(id)
      if (dependency) visit(dependency, [...way, resource.logicalId])
    }
    ordered.add(resource)
  }
  for (const resource of resources) visit(resource, [])
  return [...ordered]
}
