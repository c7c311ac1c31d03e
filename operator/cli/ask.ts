import { createInterface } from 'node:readline/promises'

/** Asks on standard error, so that standard output stays the result's; undefined when no person is at both ends. */
export function createAsk({ stdin, stderr }: NodeJS.Process): ((question: string) => Promise<string>) | undefined {
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  return async (question) => {
    const lines = createInterface({ input: stdin, output: stderr })
    // Ctrl-D and Ctrl-C: no answer comes any more, and the line is not ended.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('\n')))
    const answer = await Promise.race([lines.question(question), closed])
    if (answer === '\n') stderr.write(answer)
    lines.close()
    return answer
  }
}
