import type { ResourceContext } from './resource-type.ts'
import type { ResourceRecord, StackRecord, StackRecords } from './stack-records.ts'

export interface ProgressEvent {
  readonly logicalId: string
  readonly type: string
  readonly status: ResourceRecord['status'] | 'UNCHANGED' | 'RETAINED'
  readonly reason?: string
}

export interface StackRequest {
  readonly stackName: string
  readonly templateBody: string
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly onProgress?: (event: ProgressEvent) => void
}

export interface StackDeployer {
  readonly records: StackRecords
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  /** Capital letters and digits for physical names and ids. */
  readonly randomText: (length: number) => string
  readonly makeContext: (stack: StackRecord, resource: ResourceRecord, resumed: boolean) => ResourceContext
}
