export interface Result<Name extends string> {
  /** Of all turns. */
  readonly median: Readonly<Record<Name, number>>
  /** Median of the quotients within a round: load that comes and goes falls on both of its sides. */
  ratio(numerator: Name, denominator: Name): number
}

/** No round begins that would end later, however busy the machine. */
const defaultBudgetMs = 40_000

/** Lets contenders take turns, so that what else the machine does falls on all alike. The first round only warms up. */
export async function takeTurns<Name extends string>(
  contenders: Readonly<Record<Name, () => Promise<number>>>,
  rounds: number,
  budgetMs = defaultBudgetMs,
): Promise<Result<Name>> {
  const names = Object.keys(contenders) as Name[]
  const results: Record<Name, number>[] = []
  const begin = performance.now()
  for (let round = 0; round <= rounds; round++) {
    const entries: [Name, number][] = []
    for (const name of names) entries.push([name, await contenders[name]()])
    if (round > 0) results.push(Object.fromEntries(entries) as Record<Name, number>)
    const spentMs = performance.now() - begin
    if (results.length > 0 && (spentMs * (round + 2)) / (round + 1) > budgetMs) break
  }
  const medianOf = (name: Name) => median(results.map((result) => result[name]))
  return {
    median: Object.fromEntries(names.map((name) => [name, medianOf(name)])) as Record<Name, number>,
    ratio: (numerator, denominator) => median(results.map((result) => result[numerator] / result[denominator])),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = Number.NaN] = [sorted[sorted.length - 1 - middle], sorted[middle]]
  return (low + high) / 2
}
