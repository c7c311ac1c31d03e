import type { DescribeEventBusRequest, TestEventPatternRequest } from '@aws-sdk/client-eventbridge'
import type { Operations } from '#local/service.ts'
import { readText } from './check-input.ts'
import { checkBus } from './event-bus.ts'
import { parseEventPattern } from './event-pattern.ts'
import { invalidInput } from './events-errors.ts'
import type { EventsState } from './events-state.ts'
import { isObject } from './pattern-matchers.ts'

export function createBusOperations(state: EventsState) {
  return {
    DescribeEventBus(input: DescribeEventBusRequest, call) {
      call.authorize('events:DescribeEventBus', state.busArn)
      checkBus(state, input.Name)
      return { Name: 'default', Arn: state.busArn }
    },

    TestEventPattern(input: TestEventPatternRequest, call) {
      call.authorize('events:TestEventPattern', '*')
      const matches = parseEventPattern(readText(input.EventPattern, 'eventPattern', { max: 4096 }))
      return { Result: matches(readEvent(input.Event)) }
    },
  } satisfies Operations
}

const mandatory = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type']

function readEvent(text: unknown): unknown {
  let event: unknown
  try {
    event = JSON.parse(String(text))
  } catch {
    throw invalidInput('Parameter Event is not valid.')
  }
  const isWhole = isObject(event) && mandatory.every((name) => Object.hasOwn(event as object, name))
  if (!isWhole) throw invalidInput('Parameter Event is not valid.')
  return event
}
