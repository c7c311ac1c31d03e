import { isDeepStrictEqual } from 'node:util'
import { type PlannedResource, readProperties } from './plan-stack.ts'
import type { Scope } from './resolve.ts'
import type { StackDeployer, StackRequest } from './stack-deployer.ts'
import type { ResourceRecord, StackRecord } from './stack-records.ts'

/** Creates, updates or replaces one resource, or leaves it when its properties are what they were. */
export async function provisionResource(
  { logicalId, template, type }: PlannedResource,
  scope: Scope,
  stack: StackRecord,
  request: StackRequest,
  { records, clock, randomText, makeContext }: StackDeployer,
): Promise<void> {
  const { resolved, properties } = readProperties(type, template, scope, `Resources.${logicalId}`)
  const report = (status: ResourceRecord['status'] | 'UNCHANGED', reason?: string) =>
    request.onProgress?.({ logicalId, type: template.Type, status, ...(reason && { reason }) })
  const found = records.resource(stack.name, logicalId)
  const policies = { deletionPolicy: template.DeletionPolicy, updateReplacePolicy: template.UpdateReplacePolicy }
  const complete = found?.status.endsWith('_COMPLETE') && found.type === template.Type ? found : undefined
  if (complete && isDeepStrictEqual(complete.resolved, toPlain(resolved))) {
    records.putResource(stack.name, { ...complete, ...policies })
    report('UNCHANGED')
    return
  }

  const replacedBy = found?.deployed && findReplacement(found, template.Type, type.replacedBy, properties)
  const current = replacedBy ? undefined : found
  const verb = current?.deployed ? 'UPDATE' : 'CREATE'
  const started: ResourceRecord = {
    nameSuffix: randomText(12),
    sequence: records.nextSequence(stack.name),
    resolved,
    ...current,
    ...policies,
    logicalId,
    type: template.Type,
    status: `${verb}_IN_PROGRESS`,
    updatedAt: clock().toISOString(),
  }
  records.transaction(() => {
    if (found && replacedBy) records.retire(stack.name, found)
    records.putResource(stack.name, started)
  })
  report(started.status, replacedBy)

  const context = makeContext(stack, started, current !== undefined)
  try {
    const made = started.deployed
      ? await type.update(properties, started.deployed, context)
      : await type.create(properties, context)
    const { statusReason: _cured, ...record } = started
    const deployed = { physicalId: made.physicalId, attributes: made.attributes ?? {}, properties }
    records.transaction(() => {
      // A custom resource that answers an update with another id was replaced by its handler.
      if (started.deployed && started.deployed.physicalId !== made.physicalId) records.retire(stack.name, started)
      records.putResource(stack.name, { ...record, status: `${verb}_COMPLETE`, resolved, deployed })
    })
    report(`${verb}_COMPLETE`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    records.putResource(stack.name, { ...started, status: `${verb}_FAILED`, statusReason: reason })
    report(`${verb}_FAILED`, reason)
    throw new Error(`${logicalId} (${template.Type}): ${reason}`, { cause: error })
  }
}

function findReplacement(
  found: ResourceRecord,
  type: string,
  replacedBy: readonly string[],
  properties: unknown,
): string | undefined {
  if (found.type !== type) return `its type was ${found.type}`
  const [before, after] = [found.deployed?.properties, toPlain(properties)] as Record<string, unknown>[]
  const changed = replacedBy.filter((name) => !isDeepStrictEqual(before?.[name], after?.[name]))
  return changed.length > 0 ? `${changed.join(', ')} changed, which needs a new resource` : undefined
}

/** What a record gives back: JSON drops members that are undefined. */
function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
