import { AwsError } from '#local/service.ts'
import type { OperationName } from './operation-resources.ts'

const defaultCallsPerSecond = 10

/** Calls per second of one account where they are not 10: AWS IoT Core and Device Management quotas. */
const callsPerSecond: Readonly<Partial<Record<OperationName, number>>> = {
  AddThingToThingGroup: 100,
  AttachPolicy: 15,
  AttachThingPrincipal: 100,
  CreateThing: 100,
  DescribeThing: 350,
  UpdateThing: 100,
}

/** A token bucket of one second for each operation. */
export function createThrottle(clock: () => Date): (operation: OperationName) => void {
  const buckets = new Map<OperationName, { tokens: number; atMs: number }>()
  return (operation) => {
    const rate = callsPerSecond[operation] ?? defaultCallsPerSecond
    const atMs = clock().getTime()
    const last = buckets.get(operation) ?? { tokens: rate, atMs }
    const tokens = Math.min(rate, last.tokens + (Math.max(0, atMs - last.atMs) * rate) / 1000)
    buckets.set(operation, { tokens: tokens < 1 ? tokens : tokens - 1, atMs })
    if (tokens < 1) throw new AwsError('ThrottlingException', 'Rate exceeded')
  }
}
