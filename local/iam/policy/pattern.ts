import type { Lookup } from './context-lookup.ts'
import { ANY_MANY, matchesGlob } from './glob.ts'
import { isResolved, parseTemplate, type ResolvedPart, resolveTemplate } from './template.ts'

export interface Pattern {
  readonly text: string
  /** Undefined when a variable of the pattern has no value: such a pattern is equal to nothing and like nothing. */
  matches(value: string, lookup: Lookup): boolean | undefined
}

export interface PatternSyntax {
  readonly variables: boolean
  readonly wildcards: boolean
  readonly ignoreCase?: boolean
}

type Matcher = (value: string) => boolean

/**
 * A `*` also matches colons and slashes. AWS keeps a `*` in the middle of one of an ARN's first five segments within its
 * segment; no ARN of a real service tells the two apart.
 */
export function compilePattern(text: string, syntax: PatternSyntax): Pattern {
  const fold = syntax.ignoreCase ? (value: string) => value.toLowerCase() : (value: string) => value
  const parts = parseTemplate(text, syntax)
  if (isResolved(parts)) {
    const matches = compileParts(parts, fold)
    return { text, matches: (value) => matches(fold(value)) }
  }
  return {
    text,
    matches(value, lookup) {
      const resolved = resolveTemplate(parts, lookup)
      return resolved && compileParts(resolved, fold)(fold(value))
    },
  }
}

/** The cheapest way to match: all of it, equality, a prefix, a glob. */
export function compileParts(parts: readonly ResolvedPart[], fold: (text: string) => string = (text) => text): Matcher {
  const firstWildcard = parts.findIndex((part) => typeof part === 'number')
  if (firstWildcard < 0) {
    const text = fold(parts.join(''))
    return (value) => value === text
  }
  if (firstWildcard === parts.length - 1 && parts[firstWildcard] === ANY_MANY) {
    const prefix = fold(parts.slice(0, -1).join(''))
    return (value) => value.startsWith(prefix)
  }
  const glob = parts.flatMap((part) => (typeof part === 'number' ? [part] : codeUnits(fold(part))))
  return (value) => matchesGlob(glob, value)
}

function codeUnits(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
}
