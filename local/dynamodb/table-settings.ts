import { AwsError } from '#local/service.ts'
import type { Collection } from '#local/store.ts'

/** What the engine does not keep about a table. */
export interface TableSettings {
  readonly deletionProtection: boolean
  readonly timeToLiveAttribute?: string
  readonly pointInTimeRecovery?: { readonly sinceMs: number; readonly recoveryPeriodInDays: number }
}

const none: TableSettings = { deletionProtection: false }

export type SettingsStore = ReturnType<typeof createSettingsStore>

export function createSettingsStore(collection: Collection<TableSettings>) {
  return {
    get: (table: string): TableSettings => collection.get(table) ?? none,
    put: collection.put,
    delete: collection.delete,
    /** Tables whose items expire, with the attribute that says when. */
    expiring: () =>
      collection
        .list()
        .flatMap(({ id, value }) =>
          value.timeToLiveAttribute ? [{ table: id, attribute: value.timeToLiveAttribute }] : [],
        ),
  }
}

interface TimeToLiveInput {
  readonly TableName: string
  readonly TimeToLiveSpecification?: { readonly AttributeName?: string; readonly Enabled?: boolean }
}

export function updateTimeToLive(store: SettingsStore, input: TimeToLiveInput) {
  const { AttributeName, Enabled } = input.TimeToLiveSpecification ?? {}
  if (!AttributeName || typeof Enabled !== 'boolean')
    throw invalid('TimeToLiveSpecification needs AttributeName and Enabled')
  const { timeToLiveAttribute: current, ...settings } = store.get(input.TableName)
  if (Enabled && current === AttributeName) throw invalid('TimeToLive is already enabled')
  if (Enabled && current)
    throw invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${current}`)
  if (!Enabled && !current) throw invalid('TimeToLive is already disabled')
  store.put(input.TableName, { ...settings, ...(Enabled && { timeToLiveAttribute: AttributeName }) })
  return { TimeToLiveSpecification: { AttributeName, Enabled } }
}

export function describeTimeToLive(store: SettingsStore, table: string) {
  const { timeToLiveAttribute: AttributeName } = store.get(table)
  const description = AttributeName ? { TimeToLiveStatus: 'ENABLED', AttributeName } : { TimeToLiveStatus: 'DISABLED' }
  return { TimeToLiveDescription: description }
}

interface BackupsInput {
  readonly TableName: string
  readonly PointInTimeRecoverySpecification?: {
    readonly PointInTimeRecoveryEnabled?: boolean
    readonly RecoveryPeriodInDays?: number
  }
}

/** Recorded only: the embedded cloud has no restore. */
export function updateContinuousBackups(store: SettingsStore, input: BackupsInput, now: Date) {
  const { PointInTimeRecoveryEnabled, RecoveryPeriodInDays = 35 } = input.PointInTimeRecoverySpecification ?? {}
  if (typeof PointInTimeRecoveryEnabled !== 'boolean') throw invalid('PointInTimeRecoveryEnabled is required')
  const { pointInTimeRecovery, ...settings } = store.get(input.TableName)
  const sinceMs = pointInTimeRecovery?.sinceMs ?? now.getTime()
  const enabled = { pointInTimeRecovery: { sinceMs, recoveryPeriodInDays: RecoveryPeriodInDays } }
  store.put(input.TableName, { ...settings, ...(PointInTimeRecoveryEnabled && enabled) })
  return describeContinuousBackups(store, input.TableName, now)
}

export function describeContinuousBackups(store: SettingsStore, table: string, now: Date) {
  const { pointInTimeRecovery } = store.get(table)
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: pointInTimeRecovery
        ? {
            PointInTimeRecoveryStatus: 'ENABLED',
            RecoveryPeriodInDays: pointInTimeRecovery.recoveryPeriodInDays,
            EarliestRestorableDateTime: new Date(pointInTimeRecovery.sinceMs),
            LatestRestorableDateTime: now,
          }
        : { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  }
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message)
}
