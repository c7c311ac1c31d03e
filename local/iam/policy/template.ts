import type { Lookup } from './context-lookup.ts'
import { ANY_MANY, ANY_ONE } from './glob.ts'

interface Variable {
  readonly key: string
  readonly fallback: string | undefined
}

/** A pattern's text taken apart: literal text, a wildcard (ANY_ONE, ANY_MANY) or a variable. */
export type Part = string | typeof ANY_ONE | typeof ANY_MANY | Variable
export type ResolvedPart = Exclude<Part, Variable>

const variableOrWildcard = /\$\{([^}]*)\}|[*?]/g

/** `${key}`, `${key, 'default'}`, and `${*}`, `${?}`, `${$}` for the characters themselves. */
export function parseTemplate(text: string, syntax: { variables: boolean; wildcards: boolean }): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(variableOrWildcard)) {
    const body = match[1]
    if (body === undefined ? !syntax.wildcards : !syntax.variables) continue
    appendText(parts, text.slice(end, match.index))
    end = match.index + match[0].length
    if (body === undefined) parts.push(match[0] === '*' ? ANY_MANY : ANY_ONE)
    else if (body === '*' || body === '?' || body === '$') appendText(parts, body)
    else parts.push(parseVariable(body))
  }
  appendText(parts, text.slice(end))
  return parts
}

function parseVariable(body: string): Variable {
  const match = /^(.*?),\s*'(.*)'\s*$/s.exec(body)
  return { key: (match?.[1] ?? body).trim().toLowerCase(), fallback: match?.[2] }
}

function appendText(parts: Part[], text: string): void {
  const last = parts.at(-1)
  if (typeof last === 'string') parts[parts.length - 1] = last + text
  else if (text !== '') parts.push(text)
}

export function isResolved(parts: readonly Part[]): parts is readonly ResolvedPart[] {
  return parts.every((part) => typeof part !== 'object')
}

/** Undefined when a variable has no value. A key with several values has none: AWS substitutes single-valued keys only. */
export function resolveTemplate(parts: readonly Part[], lookup: Lookup): ResolvedPart[] | undefined {
  const resolved: ResolvedPart[] = []
  for (const part of parts) {
    if (typeof part !== 'object') {
      resolved.push(part)
      continue
    }
    const found = lookup(part.key)
    const value = typeof found === 'string' ? found : part.fallback
    if (value === undefined) return undefined
    resolved.push(value)
  }
  return resolved
}
