import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AwsError, type Call, notImplemented, type Operations } from '#local/service.ts'
import type { Store } from '#local/store.ts'
import type { EventSourceMapping } from './event-source-mapping.ts'
import type { FunctionRecord } from './function-record.ts'
import type { FunctionStore } from './function-store.ts'
import { readInput } from './read-input.ts'

const settingsSchema = z.object({
  BatchSize: z.int().min(1).max(10_000).optional(),
  Enabled: z.boolean().optional(),
  FunctionName: z.string().optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).optional(),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.int().min(2).max(1000).optional() }).optional(),
})
type Settings = z.infer<typeof settingsSchema>

export interface EventSourceOptions {
  readonly store: Store
  readonly functions: FunctionStore
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  /** Throws unless the function's role may do this to the queue. */
  readonly requireOfRole: (record: FunctionRecord, action: string, resource: string) => void
  readonly readQueue: (record: FunctionRecord, queueArn: string) => Promise<{ url: string; visibilitySeconds: number }>
  readonly onChange: (uuid: string) => void
}

/** Event source mappings: SQS only. */
export function createEventSources(options: EventSourceOptions) {
  const { functions, accountId, region, clock, onChange } = options
  const mappings = options.store.collection<EventSourceMapping>('event-source-mapping')

  function get(uuid: string): EventSourceMapping {
    const found = mappings.get(uuid)
    if (found) return found
    throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404)
  }

  async function checkQueue(record: FunctionRecord, queueArn: string): Promise<string> {
    for (const action of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']) {
      try {
        options.requireOfRole(record, `sqs:${action}`, queueArn)
      } catch (cause) {
        const message = `The function execution role does not have permissions to call ${action} on SQS`
        throw new AwsError('InvalidParameterValueException', message, 400, { cause })
      }
    }
    const { url, visibilitySeconds } = await options.readQueue(record, queueArn)
    const { Timeout } = record.configuration
    if (visibilitySeconds < Timeout) {
      const message = `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${Timeout} seconds`
      throw new AwsError('InvalidParameterValueException', message)
    }
    return url
  }

  function save(mapping: EventSourceMapping): unknown {
    mappings.put(mapping.UUID, mapping)
    onChange(mapping.UUID)
    return describe(mapping)
  }

  const operations: Operations = {
    async CreateEventSourceMapping(input, call) {
      refuseFilters(input)
      const settings = readInput(settingsSchema.extend({ FunctionName: z.string() }), input)
      const record = functions.get(settings.FunctionName)
      const { FunctionArn } = record.configuration
      authorize(call, 'CreateEventSourceMapping', '*', FunctionArn)
      const queueArn = String(input.EventSourceArn)
      if (!/^arn:aws:sqs:[^:]*:\d{12}:[\w-]+$/.test(queueArn)) throw notImplemented(`the event source ${queueArn}`)
      const twin = mappings
        .list()
        .find(({ value }) => value.EventSourceArn === queueArn && value.FunctionArn === FunctionArn)
      if (twin) {
        const message = `The event source arn (" ${queueArn} ") and function (" ${record.configuration.FunctionName} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${twin.id}`
        throw new AwsError('ResourceConflictException', message, 409)
      }
      const queueUrl = await checkQueue(record, queueArn)
      const UUID = randomUUID()
      const initial: EventSourceMapping = {
        UUID,
        EventSourceMappingArn: `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${UUID}`,
        EventSourceArn: queueArn,
        FunctionArn,
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: 0,
        FunctionResponseTypes: [],
        State: 'Enabled',
        StateTransitionReason: 'USER_INITIATED',
        lastModifiedMs: clock().getTime(),
        queueUrl,
      }
      return save(applySettings(initial, settings))
    },

    async UpdateEventSourceMapping(input, call) {
      refuseFilters(input)
      const found = get(input.UUID)
      const settings = readInput(settingsSchema, input)
      const record = functions.get(settings.FunctionName ?? found.FunctionArn)
      const { FunctionArn } = record.configuration
      authorize(call, 'UpdateEventSourceMapping', found.EventSourceMappingArn, FunctionArn)
      await checkQueue(record, found.EventSourceArn)
      return save({ ...applySettings(found, settings), FunctionArn, lastModifiedMs: clock().getTime() })
    },

    DeleteEventSourceMapping(input, call) {
      const found = get(input.UUID)
      authorize(call, 'DeleteEventSourceMapping', found.EventSourceMappingArn, found.FunctionArn)
      mappings.delete(input.UUID)
      onChange(input.UUID)
      return { ...(describe(found) as object), State: 'Deleting' }
    },

    GetEventSourceMapping(input, call) {
      const found = get(input.UUID)
      authorize(call, 'GetEventSourceMapping', found.EventSourceMappingArn, found.FunctionArn)
      return describe(found)
    },

    ListEventSourceMappings(input, call) {
      call.authorize('lambda:ListEventSourceMappings', '*')
      const functionArn = input.FunctionName && functions.arnOf(functions.parseName(input.FunctionName))
      const EventSourceMappings = mappings
        .list()
        .map((row) => row.value)
        .filter((mapping) => !functionArn || mapping.FunctionArn === functionArn)
        .filter((mapping) => !input.EventSourceArn || mapping.EventSourceArn === input.EventSourceArn)
        .map(describe)
      return { EventSourceMappings }
    },
  }

  return { operations, find: (uuid: string) => mappings.get(uuid), list: () => mappings.list().map((row) => row.value) }
}

function authorize(call: Call, action: string, resource: string, functionArn: string): void {
  call.authorize(`lambda:${action}`, resource, { context: { 'lambda:FunctionArn': functionArn } })
}

function applySettings(mapping: EventSourceMapping, settings: Settings): EventSourceMapping {
  const { BatchSize = mapping.BatchSize, FunctionResponseTypes = mapping.FunctionResponseTypes } = settings
  const { MaximumBatchingWindowInSeconds = mapping.MaximumBatchingWindowInSeconds } = settings
  if (BatchSize > 10 && MaximumBatchingWindowInSeconds === 0) {
    const message = 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10'
    throw new AwsError('InvalidParameterValueException', message)
  }
  const { ScalingConfig: oldScaling, ...rest } = mapping
  const { MaximumConcurrency } = settings.ScalingConfig ?? oldScaling ?? {}
  return {
    ...rest,
    BatchSize,
    FunctionResponseTypes,
    MaximumBatchingWindowInSeconds,
    ...(MaximumConcurrency !== undefined && { ScalingConfig: { MaximumConcurrency } }),
    State: (settings.Enabled ?? mapping.State === 'Enabled') ? 'Enabled' : 'Disabled',
  }
}

function describe({ queueUrl: _ours, lastModifiedMs, ...mapping }: EventSourceMapping): object {
  return { ...mapping, LastModified: new Date(lastModifiedMs) }
}

function refuseFilters(input: { FilterCriteria?: { Filters?: unknown[] } }): void {
  if (input.FilterCriteria?.Filters?.length) throw notImplemented('FilterCriteria of event source mappings')
}
