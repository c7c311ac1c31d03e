import { isDeepStrictEqual } from 'node:util'

/** What a control plane answered to a call; ids and dates are replaced by what they are. */
interface Answer {
  readonly status: number
  /** Of a refusal. */
  readonly code?: string
  readonly answer?: unknown
}

export interface Difference {
  readonly call: string
  /** The member of the answer, or `outcome` when one side refuses what the other does not, or otherwise. */
  readonly member: string
  readonly here: string
  readonly there: string
}

type Answers = Readonly<Record<string, Answer>>

/** Where two clouds answer the same calls differently. */
export function compareAnswers(here: Answers, there: Answers): Difference[] {
  return Object.keys({ ...here, ...there }).flatMap((call) => {
    const [left, right] = [describeOutcome(here[call]), describeOutcome(there[call])]
    if (left !== right) return [{ call, member: 'outcome', here: left, there: right }]
    const members = compareMembers(here[call]?.answer, there[call]?.answer, '')
    return members.map((difference) => ({ call, ...difference }))
  })
}

function describeOutcome(answer: Answer | undefined): string {
  return answer === undefined ? 'not called' : [answer.status, answer.code].filter(Boolean).join(' ')
}

function compareMembers(left: unknown, right: unknown, member: string): Omit<Difference, 'call'>[] {
  if (isDeepStrictEqual(left, right)) return []
  if (!isObject(left) || !isObject(right)) return [{ member, here: describeValue(left), there: describeValue(right) }]
  return Object.keys({ ...left, ...right }).flatMap((name) =>
    compareMembers(left[name], right[name], member === '' ? name : `${member}.${name}`),
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'absent'
  return isObject(value) && Object.keys(value).length > 0 ? 'present' : JSON.stringify(value)
}
