/** `EventSourceMappingConfiguration` of the Lambda API, with the members that the embedded cloud has. */
export interface EventSourceMapping {
  readonly UUID: string
  readonly EventSourceMappingArn: string
  readonly EventSourceArn: string
  readonly FunctionArn: string
  readonly BatchSize: number
  readonly MaximumBatchingWindowInSeconds: number
  readonly FunctionResponseTypes: readonly string[]
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number }
  readonly State: 'Enabled' | 'Disabled'
  readonly StateTransitionReason: string
  /** Epoch milliseconds. */
  readonly lastModifiedMs: number
  readonly queueUrl: string
}
