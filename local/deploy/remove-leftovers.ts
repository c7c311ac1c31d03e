import { findResourceType } from './resources/index.ts'
import type { StackDeployer, StackRequest } from './stack-deployer.ts'
import type { StackRecord } from './stack-records.ts'

/** Removes what was replaced or is gone from the template, newest first, unless its policy says to keep it. */
export async function removeLeftovers(
  stack: StackRecord,
  request: StackRequest,
  { records, makeContext }: StackDeployer,
): Promise<void> {
  const current = new Set(records.resources(stack.name).map((record) => record.logicalId))
  for (const record of records.leftovers(stack.name).sort((a, b) => b.sequence - a.sequence)) {
    const { logicalId, type, deployed } = record
    const policy = current.has(logicalId) ? record.updateReplacePolicy : record.deletionPolicy
    if (policy === 'Delete' && deployed) {
      request.onProgress?.({ logicalId, type, status: 'DELETE_IN_PROGRESS' })
      await findResourceType(type)?.remove(deployed, makeContext(stack, record, true))
    }
    records.forgetLeftover(stack.name, record)
    request.onProgress?.({ logicalId, type, status: policy === 'Delete' ? 'DELETE_COMPLETE' : 'RETAINED' })
  }
}
