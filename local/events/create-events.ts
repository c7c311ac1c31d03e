import { join } from 'node:path'
import { awsJson } from '#local/gateway/aws-json.ts'
import type { HttpService, Operations } from '#local/service.ts'
import { openStore } from '#local/store.ts'
import { createBusOperations } from './bus-operations.ts'
import { createDeliveries } from './deliveries.ts'
import type { EventsState } from './events-state.ts'
import { createPutEvents } from './put-events.ts'
import { createRuleOperations } from './rule-operations.ts'
import { createRuleStore } from './rule-store.ts'
import { createScheduler } from './scheduler.ts'
import { sendToTarget, type TargetServices } from './send-to-target.ts'
import { createTagOperations } from './tag-operations.ts'
import { createTargetOperations } from './target-operations.ts'

export interface EventsOptions extends TargetServices {
  /** Holds events.db. */
  readonly folder: string
  readonly log: (line: string) => void
  /** How often schedules look at the clock. */
  readonly tickMs?: number
}

export interface Events {
  readonly operations: Operations
  readonly service: HttpService
  /** Starts the schedules, and takes up deliveries of an earlier run. */
  start(): void
  close(): Promise<void>
}

/** Amazon EventBridge: the default event bus, its rules and their schedules. */
export function createEvents(options: EventsOptions): Events {
  const { accountId, region, clock, log, tickMs = 1000 } = options
  const store = openStore(join(options.folder, 'events.db'))
  const { transaction } = store
  const arnOf = (resource: string) => `arn:aws:events:${region}:${accountId}:${resource}`
  const state: EventsState = {
    accountId,
    region,
    busArn: arnOf('event-bus/default'),
    rules: createRuleStore(store, (name) => arnOf(`rule/${name}`)),
    deliveries: createDeliveries({ store, send: (delivery) => sendToTarget(delivery, options), clock, log }),
    clock,
  }
  const scheduler = createScheduler({ ...state, transaction, log, tickMs })
  const operations: Operations = {
    ...createPutEvents(state, transaction),
    ...createRuleOperations(state),
    ...createTargetOperations(state),
    ...createTagOperations(state),
    ...createBusOperations(state),
  }
  return {
    operations,
    service: awsJson({ operations, target: 'AWSEvents', version: '1.1' }),
    start() {
      state.deliveries.start()
      scheduler.start()
    },
    async close() {
      scheduler.close()
      await state.deliveries.close()
      store.close()
    },
  }
}
