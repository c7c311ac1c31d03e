import { isDeepStrictEqual } from 'node:util'
import type { Store } from '#local/store.ts'
import type { DeployedResource } from './resource-type.ts'

type StackStatus = `${'CREATE' | 'UPDATE'}_${'IN_PROGRESS' | 'COMPLETE' | 'FAILED'}`

export interface StackOutput {
  readonly key: string
  readonly value: string
  readonly description?: string
}

export interface StackRecord {
  readonly name: string
  readonly stackId: string
  readonly description?: string
  readonly status: StackStatus
  readonly statusReason?: string
  readonly createdAt: string
  readonly updatedAt?: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly outputs: readonly StackOutput[]
  readonly templateBody: string
}

export interface ResourceRecord {
  readonly logicalId: string
  readonly type: string
  readonly status: `${'CREATE' | 'UPDATE' | 'DELETE'}_${'IN_PROGRESS' | 'COMPLETE' | 'FAILED'}`
  readonly statusReason?: string
  readonly updatedAt: string
  /** Ends the generated physical name; chosen before the resource is created, so that a second try finds the first's. */
  readonly nameSuffix: string
  /** Orders the resources by creation: they are removed the other way round. */
  readonly sequence: number
  /** CloudFormation's properties after resolution: what the next deployment is compared with. */
  readonly resolved: unknown
  /** Absent until the resource was created. */
  readonly deployed?: DeployedResource
  readonly deletionPolicy: string
  readonly updateReplacePolicy: string
}

export type StackRecords = ReturnType<typeof createStackRecords>

/** What is deployed, written after each step, so that a deployment that was cut off goes on where it stopped. */
export function createStackRecords(store: Store) {
  const stacks = store.collection<StackRecord>('stack')
  const resources = store.collection<ResourceRecord>('resource')
  /** Resources that the template no longer has, or that were replaced. */
  const leftovers = store.collection<ResourceRecord>('leftover')
  const resourceId = (stack: string, logicalId: string) => `${stack}/${logicalId}`
  const leftoverId = (stack: string, record: ResourceRecord) =>
    `${stack}/${record.logicalId}/${record.deployed?.physicalId}`
  const values = <T>(rows: { value: T }[]) => rows.map((row) => row.value)

  return {
    stack: (name: string) => stacks.get(name),
    stacks: () => values(stacks.list()),
    putStack: (record: StackRecord) => stacks.put(record.name, record),
    resource: (stack: string, logicalId: string) => resources.get(resourceId(stack, logicalId)),
    resources: (stack: string) => values(resources.list({ prefix: `${stack}/` })),
    putResource: (stack: string, record: ResourceRecord) => resources.put(resourceId(stack, record.logicalId), record),
    leftovers: (stack: string) => values(leftovers.list({ prefix: `${stack}/` })),
    nextSequence(stack: string): number {
      const all = [...resources.list({ prefix: `${stack}/` }), ...leftovers.list({ prefix: `${stack}/` })]
      return Math.max(0, ...all.map((row) => row.value.sequence)) + 1
    },
    /** The resource leaves the stack and waits for its removal. */
    retire(stack: string, record: ResourceRecord) {
      store.transaction(() => {
        resources.delete(resourceId(stack, record.logicalId))
        if (record.deployed) leftovers.put(leftoverId(stack, record), record)
      })
    },
    forgetLeftover: (stack: string, record: ResourceRecord) => void leftovers.delete(leftoverId(stack, record)),
    /** Rewrites endpoints in what resources and stacks gave out; `resolved` stays, so that dependents are updated. */
    moveEndpoints(from: readonly string[], to: readonly string[]): void {
      if (isDeepStrictEqual(from, to)) return
      const move = <T>(value: T): T => JSON.parse(moveText(JSON.stringify(value), from, to))
      store.transaction(() => {
        for (const { value } of stacks.list()) stacks.put(value.name, { ...value, outputs: move(value.outputs) })
        for (const collection of [resources, leftovers]) {
          for (const { id, value } of collection.list()) {
            const { deployed } = value
            if (deployed) collection.put(id, { ...value, deployed: { ...deployed, ...move(pickGiven(deployed)) } })
          }
        }
      })
    },
    transaction: store.transaction,
  }
}

function pickGiven({ physicalId, attributes }: DeployedResource) {
  return { physicalId, attributes }
}

/** Hosts and ports only, in one pass: what was moved is not moved again. */
function moveText(text: string, from: readonly string[], to: readonly string[]): string {
  const hosts = (endpoints: readonly string[]) => endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, ''))
  const moved = new Map(hosts(from).map((host, index) => [host, hosts(to)[index] ?? host]))
  return text.replace(/(127\.0\.0\.1|localhost):\d+/g, (host) => moved.get(host) ?? host)
}
