import type { Explanation } from '#contract/explanation.ts'
import type { Answer } from './facts.ts'

/** What a step comes to. */
export type Verdict = Omit<Explanation['steps'][number], 'step'>

export function holds(finding: string): Verdict {
  return { outcome: 'holds', finding }
}

export function waits(finding: string): Verdict {
  return { outcome: 'waiting', finding }
}

export function breaks(finding: string, mend: string): Verdict {
  return { outcome: 'broken', finding, mend }
}

export function isUnknown(finding: string): Verdict {
  return { outcome: 'unknown', finding }
}

/** For the first of the answers that is none. */
export function findUntold(...answers: readonly Answer<unknown>[]): Verdict | undefined {
  const failure = answers.find((answer) => 'failed' in answer)
  return failure && isUnknown(`this cannot be told: ${failure.failed}`)
}
