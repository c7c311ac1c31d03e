import type { Lookup } from './context-lookup.ts'
import { ANY_MANY } from './glob.ts'
import { compileParts } from './pattern.ts'
import { isResolved, type Part, parseTemplate, type ResolvedPart, resolveTemplate } from './template.ts'

const segmentCount = 6

/** ArnEquals and ArnLike: each of the six segments of an ARN is matched by itself, so a wildcard never reaches into the next one. */
export function compileArnPattern(text: string, variables: boolean): (value: string, lookup: Lookup) => boolean {
  const segments = splitSegments(parseTemplate(text, { variables, wildcards: true }))
  if (segments.every((segment) => isResolved(segment))) {
    const matches = compileSegments(segments)
    return (value) => matches(value)
  }
  return (value, lookup) => {
    const resolved = segments.map((segment) => resolveTemplate(segment, lookup))
    return resolved.every((segment) => segment !== undefined) && compileSegments(resolved)(value)
  }
}

function compileSegments(segments: readonly (readonly ResolvedPart[])[]): (arn: string) => boolean {
  const matchers = segments.map((segment) => compileParts(segment))
  // `*` or `arn:aws:s3:*` stands for an ARN's remaining segments too.
  const open = segments.length < segmentCount && segments.at(-1)?.at(-1) === ANY_MANY
  return (arn) => {
    const values = splitArn(arn)
    if (values === undefined || (values.length !== matchers.length && !open)) return false
    return matchers.every((matches, index) => matches(values[index] ?? ''))
  }
}

function splitArn(arn: string): string[] | undefined {
  const pieces = arn.split(':')
  if (pieces[0] !== 'arn' || pieces.length < segmentCount) return undefined
  return [...pieces.slice(0, segmentCount - 1), pieces.slice(segmentCount - 1).join(':')]
}

/** Colons within a variable do not split: only those that the policy's author wrote. */
function splitSegments(parts: readonly Part[]): Part[][] {
  const segments: Part[][] = [[]]
  for (const part of parts) {
    if (typeof part !== 'string') {
      segments.at(-1)?.push(part)
      continue
    }
    const pieces = part.split(':')
    const [first = '', ...rest] = pieces
    pushText(segments.at(-1), first)
    for (const piece of rest) {
      if (segments.length < segmentCount) segments.push([])
      else pushText(segments.at(-1), ':')
      pushText(segments.at(-1), piece)
    }
  }
  return segments
}

function pushText(segment: Part[] | undefined, text: string): void {
  if (text !== '') segment?.push(text)
}
