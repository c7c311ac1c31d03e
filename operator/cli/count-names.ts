import { OperatorError } from '../operator-error.ts'

const counter = /^([^#]*)(#+)([^#]*)$/

/**
 * `count` names from one with a counter: `meter-###` gives meter-001, meter-002, … The counter's width is that of its
 * run of `#`, which no thing name may have. Throws REQUEST_INVALID.
 */
export function countNames(pattern: string, count: number, first: number): string[] {
  const [, head = '', run = '', tail = ''] = counter.exec(pattern) ?? []
  if (run === '') {
    throw new OperatorError('REQUEST_INVALID', `${JSON.stringify(pattern)} has no counter to count with`, {
      hint: "write one run of # where the number goes, in quotes: --thing 'meter-####'",
    })
  }
  const last = first + count - 1
  if (String(last).length > run.length) {
    throw new OperatorError('REQUEST_INVALID', `${run} has no room for ${last}`, {
      hint: `write ${'#'.repeat(String(last).length)}`,
    })
  }
  return Array.from({ length: count }, (_, index) => head + String(first + index).padStart(run.length, '0') + tail)
}
