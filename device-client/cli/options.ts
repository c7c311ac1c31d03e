import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

/** An option, or the environment variable that stands for it. One without a `value` is a switch. */
export interface Option {
  /** What stands for the value in the help. */
  readonly value?: string
  readonly env?: string
  readonly fallback?: string
  /** May be given again and again; the environment variable holds one in each line. */
  readonly isRepeatable?: true
  readonly help: string
}

export interface OptionValues {
  text(name: string): string | undefined
  /** Of a repeatable one. */
  texts(name: string): readonly string[]
  isSet(name: string): boolean
  /** Throws UsageError for what is no whole number of at least `min`. */
  number(name: string, min: number): number | undefined
  /** Throws UsageError for what is none of the choices. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined
}

/** Reads a command's arguments; the command line goes before the environment. Throws UsageError. */
export function parseOptions(
  args: readonly string[],
  options: Readonly<Record<string, Option>>,
  env: NodeJS.ProcessEnv,
): { readonly options: OptionValues; readonly operands: readonly string[] } {
  const { values, positionals } = parse(args, options)

  function text(name: string): string | undefined {
    const { env: variable, fallback } = options[name] ?? {}
    const given = values[name] ?? (variable === undefined ? undefined : env[variable] || undefined) ?? fallback
    return typeof given === 'string' ? given : undefined
  }

  return {
    operands: positionals,
    options: {
      text,
      texts(name) {
        const given = values[name]
        if (Array.isArray(given)) return given.filter((value) => typeof value === 'string')
        return (env[options[name]?.env ?? ''] ?? '').split('\n').filter(Boolean)
      },
      isSet: (name) => values[name] === true || text(name) === '1',
      number(name, min) {
        const given = text(name)
        if (given === undefined) return undefined
        const value = Number(given)
        if (/^\d+$/.test(given) && Number.isSafeInteger(value) && value >= min) return value
        throw new UsageError(`--${name} takes a whole number of at least ${min}, not ${JSON.stringify(given)}`)
      },
      choice(name, choices) {
        const given = text(name)
        const chosen = choices.find((choice) => choice === given)
        if (given === undefined || chosen !== undefined) return chosen
        throw new UsageError(`--${name} takes ${choices.join(' or ')}, not ${JSON.stringify(given)}`)
      },
    },
  }
}

function parse(args: readonly string[], options: Readonly<Record<string, Option>>) {
  const types = Object.entries(options).map(([name, { value, isRepeatable = false }]) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const)
    return [name, { type, multiple: isRepeatable }] as const
  })
  try {
    return parseArgs({ args: [...args], options: Object.fromEntries(types), allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message.split('. To specify')[0] ?? '')
  }
}
