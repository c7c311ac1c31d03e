import type { Template } from './template.ts'
import { TemplateError } from './template-error.ts'

/** The values of a template's parameters: given, or by default. */
export function readParameters(template: Template, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const problems: string[] = []
  const values = Object.entries(template.Parameters).map(([name, parameter]) => {
    const value = given[name] ?? parameter.Default
    if (value === undefined) problems.push(`Parameters.${name}: has no default and was not given`)
    if (parameter.AllowedValues && !parameter.AllowedValues.includes(value)) {
      problems.push(`Parameters.${name}: ${JSON.stringify(value)} is not among the allowed values`)
    }
    const isList = parameter.Type === 'CommaDelimitedList' || parameter.Type.startsWith('List<')
    return [name, isList ? String(value).split(',') : value]
  })
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(template.Parameters, name))
      problems.push(`Parameters.${name}: the template has no such parameter`)
  }
  if (problems.length > 0) throw new TemplateError(problems)
  return Object.fromEntries(values)
}
