/** Who waits for a message of which queue. */
export interface Arrivals {
  /** Resolves when something may have arrived, at the latest after `ms`; at once after close. */
  wait(queue: string, ms: number): Promise<void>
  announce(queue: string): void
  readonly closed: boolean
  close(): void
}

export function createArrivals(): Arrivals {
  const waiting = new Map<string, Set<() => void>>()
  let closed = false

  function announce(queue: string): void {
    for (const wake of waiting.get(queue) ?? []) wake()
  }

  return {
    wait(queue, ms) {
      if (closed || ms <= 0) return Promise.resolve()
      return new Promise((resolve) => {
        const wakes = waiting.get(queue) ?? new Set()
        waiting.set(queue, wakes)
        const timer = setTimeout(wake, ms)
        function wake(): void {
          clearTimeout(timer)
          wakes.delete(wake)
          if (wakes.size === 0) waiting.delete(queue)
          resolve()
        }
        wakes.add(wake)
      })
    },
    announce,
    get closed() {
      return closed
    },
    close() {
      closed = true
      for (const queue of [...waiting.keys()]) announce(queue)
    },
  }
}
