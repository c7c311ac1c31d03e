import { AwsError } from '#local/service.ts'
import { evaluateExpression, type RuleInput } from './evaluate-expression.ts'
import { parseExpression } from './parse-expression.ts'
import type { Expression } from './sql-syntax.ts'
import { toText } from './sql-values.ts'

/** A text with substitution templates: what stands still, and the `${expressions}` between. */
export type Template = readonly (string | Expression)[]

/** Reads `things/${topic(3)}/x`; throws SqlParseException for an expression that cannot be read. */
export function parseTemplate(text: string): Template {
  const parts: (string | Expression)[] = []
  let rest = text
  for (;;) {
    const start = rest.indexOf('${')
    if (start < 0) return [...parts, rest]
    const end = endOfExpression(rest, start + 2)
    parts.push(rest.slice(0, start), parseExpression(rest.slice(start + 2, end)))
    rest = rest.slice(end + 1)
  }
}

/** The closing brace, which may also stand within a quoted string. */
function endOfExpression(text: string, start: number): number {
  let quote = ''
  for (let index = start; index < text.length; index++) {
    const character = text.charAt(index)
    if (quote === '' && character === '}') return index
    if (character === quote) quote = ''
    else if (quote === '' && (character === "'" || character === '"')) quote = character
  }
  throw new AwsError('SqlParseException', `The substitution template in ${JSON.stringify(text)} does not end`)
}

/** Undefined values become the empty text, as where AWS IoT serializes them. */
export function fillTemplate(template: Template, input: RuleInput): string {
  return template
    .map((part) => (typeof part === 'string' ? part : (toText(evaluateExpression(part, input)) ?? '')))
    .join('')
}
