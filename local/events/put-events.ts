import { randomUUID } from 'node:crypto'
import type { PutEventsRequest, PutEventsRequestEntry, PutEventsResultEntry } from '@aws-sdk/client-eventbridge'
import { notImplemented, type Operations } from '#local/service.ts'
import { readList, refuseOthers } from './check-input.ts'
import { type Event, formatEventTime } from './event.ts'
import { invalidInput } from './events-errors.ts'
import type { EventsState } from './events-state.ts'
import { isObject } from './pattern-matchers.ts'

const maxEntries = 10
/** "The total entry size must be less than 1MB" (PutEvents, API reference). */
const maxTotalBytes = 1_048_576

/** An entry as it comes over the wire: a time is seconds since 1970. */
type Entry = Omit<PutEventsRequestEntry, 'Time'> & { readonly Time?: Date | number | undefined }

export function createPutEvents(state: EventsState, transaction: <R>(work: () => R) => R) {
  const { accountId, region, busArn, rules, deliveries, clock } = state

  function accept(entry: Entry): PutEventsResultEntry {
    const refusal = refuse(entry)
    if (refusal) return refusal
    const event: Event = {
      version: '0',
      id: randomUUID(),
      'detail-type': entry.DetailType ?? '',
      source: entry.Source ?? '',
      account: accountId,
      time: formatEventTime(readTime(entry.Time) ?? clock()),
      region,
      resources: entry.Resources ?? [],
      detail: JSON.parse(entry.Detail ?? ''),
    }
    for (const rule of rules.matching(event)) deliveries.add(rule, event)
    return { EventId: event.id }
  }

  return {
    /** What is acknowledged is on disk for every target that it is for. */
    PutEvents(input: Omit<PutEventsRequest, 'Entries'> & { readonly Entries?: readonly Entry[] }, call) {
      const entries = readList(input.Entries, 'entries', maxEntries)
      refuseOthers(input, ['Entries'], 'PutEvents')
      for (const entry of entries) {
        const { Source, DetailType } = entry
        call.authorize('events:PutEvents', busArn, {
          context: {
            ...(Source && { 'events:source': Source }),
            ...(DetailType && { 'events:detail-type': DetailType }),
            'events:eventBusInvocation': 'false',
          },
        })
        refuseOthers(entry, ['Time', 'Source', 'Resources', 'DetailType', 'Detail', 'EventBusName'], 'PutEvents')
        const bus = entry.EventBusName
        if (bus !== undefined && bus !== 'default' && bus !== busArn) throw notImplemented(`the event bus ${bus}`)
      }
      const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
      if (bytes >= maxTotalBytes) throw invalidInput('Total size of the entries in the request is over the limit.')
      const results = transaction(() => entries.map(accept))
      return {
        FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode !== undefined).length,
        Entries: results,
      }
    },
  } satisfies Operations
}

function refuse({ Source, DetailType, Detail }: Entry): PutEventsResultEntry | undefined {
  const missing = Object.entries({ Source, DetailType, Detail }).find(([, value]) => !value)
  if (missing) return invalidArgument(missing[0], `${missing[0]} is a required argument.`)
  if (Source?.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' }
  }
  if (!isJsonObject(Detail ?? '')) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
  return undefined
}

function invalidArgument(name: string, reason: string): PutEventsResultEntry {
  return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${name} is not valid. Reason: ${reason}` }
}

function isJsonObject(text: string): boolean {
  try {
    return isObject(JSON.parse(text))
  } catch {
    return false
  }
}

function readTime(time: Date | number | undefined): Date | undefined {
  if (time === undefined) return undefined
  const date = typeof time === 'number' ? new Date(time * 1000) : time
  if (Number.isNaN(date.getTime())) throw invalidInput('Time is not a timestamp')
  return date
}

/** User guide, "Calculating PutEvents event entry size". */
function sizeOf({ Time, Source = '', DetailType = '', Detail = '', Resources = [] }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : 14)
}
