import type { Answer } from './facts.ts'

/** How the services say that there is no such thing. */
const absences: readonly string[] = ['ResourceNotFoundException', 'NoSuchEntity', 'NoSuchEntityException']

/** Asks AWS. What is not there is found to be undefined; any other error is told by its name, and not thrown. */
export function askAws<Found>(what: string, call: () => Promise<Found | undefined>): Promise<Answer<Found>> {
  return ask(what, async () => {
    try {
      return await call()
    } catch (error) {
      if (absences.includes(nameOf(error))) return undefined
      throw error
    }
  })
}

/** Asks a table of the stack's own, which is there. */
export async function ask<Found>(what: string, call: () => Promise<Found | undefined>): Promise<Answer<Found>> {
  try {
    return { found: await call() }
  } catch (error) {
    return { failed: `${what} answered ${nameOf(error)}` }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'an error'
}

export const nothing = { found: undefined } as const
