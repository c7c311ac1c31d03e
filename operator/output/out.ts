import type { Writable } from 'node:stream'

/** Where output goes, and what may be done there. */
export interface Out {
  /** Resolves when the text is taken, so that a slow reader holds the writer back. Rejects when the reader is gone. */
  write(text: string): Promise<void>
  readonly isTerminal: boolean
  /** Cells in a line; undefined when it is no terminal, or one that does not know. */
  readonly width: number | undefined
  readonly colours: boolean
}

/** The stream of a process as Out. FORCE_COLOR and TERM=dumb decide about colours as Node reads them, and NO_COLOR above all. */
export function createOut(
  stream: Writable & Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'hasColors'>>,
  env: NodeJS.ProcessEnv,
): Out {
  // A reader that went away reaches the writer through write(); without a listener it would end the process first.
  stream.on('error', () => {})
  const isTerminal = stream.isTTY === true
  return {
    write: (text) =>
      new Promise((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve()))),
    isTerminal,
    // A terminal that was never told its size says 0.
    width: isTerminal ? stream.columns || undefined : undefined,
    colours: isTerminal && !env.NO_COLOR && stream.hasColors?.(env) === true,
  }
}
