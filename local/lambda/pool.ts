import type { Invocation } from './runtime-protocol.ts'
import type { Outcome, Sandbox } from './sandbox.ts'

export interface PoolOptions {
  /** Starts a process; it gets no event later than `expiresAtMs`. */
  readonly start: () => { sandbox: Sandbox; expiresAtMs: number }
  /** How many processes there may be; further events wait for a free one. */
  readonly limit: number
  readonly idleMs: number
  readonly now: () => number
}

interface Member {
  readonly sandbox: Sandbox
  readonly expiresAtMs: number
  idleTimer?: NodeJS.Timeout
}

export type Pool = ReturnType<typeof createPool>

/** The processes of one version of a function: grows with the events that come at once, shrinks when they cease. */
export function createPool({ start, limit, idleMs, now }: PoolOptions) {
  const members = new Set<Member>()
  const idle: Member[] = []
  const waiting: PromiseWithResolvers<Member>[] = []
  let isDraining = false

  function grow(): Member {
    const member: Member = start()
    members.add(member)
    return member
  }

  function retire(member: Member): void {
    clearTimeout(member.idleTimer)
    members.delete(member)
    const index = idle.indexOf(member)
    if (index >= 0) idle.splice(index, 1)
    member.sandbox.kill()
  }

  const isUsable = (member: Member) => member.sandbox.isAlive() && now() < member.expiresAtMs

  function acquire(): Member | Promise<Member> {
    // The latest used first, so that the others reach their idle time.
    for (let member = idle.pop(); member; member = idle.pop()) {
      clearTimeout(member.idleTimer)
      if (isUsable(member)) return member
      retire(member)
    }
    if (members.size < limit) return grow()
    const wait = Promise.withResolvers<Member>()
    waiting.push(wait)
    return wait.promise
  }

  function release(member: Member): void {
    if (!isUsable(member)) retire(member)
    const next = waiting.shift()
    if (next) {
      try {
        next.resolve(members.has(member) ? member : grow())
      } catch (error) {
        next.reject(error)
      }
    } else if (isDraining) {
      retire(member)
    } else if (members.has(member)) {
      member.idleTimer = setTimeout(() => retire(member), idleMs).unref()
      idle.push(member)
    }
  }

  return {
    isFull: () => members.size - idle.length >= limit,
    async invoke(invocation: Invocation): Promise<Outcome> {
      const member = await acquire()
      try {
        return await member.sandbox.invoke(invocation)
      } finally {
        release(member)
      }
    },
    /** Ends each process as soon as no event waits for it. */
    drain(): void {
      isDraining = true
      for (const member of [...idle]) retire(member)
    },
    async close(): Promise<void> {
      isDraining = true
      for (const { reject } of waiting.splice(0)) reject(new Error('The embedded cloud is shutting down'))
      const exits = [...members].map((member) => member.sandbox.exited)
      for (const member of [...members]) retire(member)
      await Promise.all(exits)
    },
  }
}
