import { notFound } from './events-errors.ts'
import type { EventsState } from './events-state.ts'

/** Throws unless the name, or the ARN, is that of the default event bus. */
export function checkBus({ busArn }: Pick<EventsState, 'busArn'>, name: string | undefined): void {
  if (name === undefined || name === 'default' || name === busArn) return
  throw notFound(`Event bus ${name} does not exist.`)
}
