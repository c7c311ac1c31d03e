import { setTimeout as wait } from 'node:timers/promises'

/** Asks again and again until the answer is there; throws when it is not within the time, in milliseconds. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  while (performance.now() < deadline) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    await wait(50)
  }
  throw new Error(`within ${withinMs / 1000} s, this did not come: ${what}`)
}
