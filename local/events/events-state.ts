import type { Deliveries } from './deliveries.ts'
import type { RuleStore } from './rule-store.ts'

/** What every operation stands on. */
export interface EventsState {
  readonly accountId: string
  readonly region: string
  /** That of the default event bus, which is the only one. */
  readonly busArn: string
  readonly rules: RuleStore
  readonly deliveries: Deliveries
  readonly clock: () => Date
}
