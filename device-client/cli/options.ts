import { parseArgs } from 'node:util'
import { parseSize } from './parse-size.ts'
import { UsageError } from './usage-error.ts'

/** An option, or the environment variable or the member of the configuration file that stands for it. One without a `value` is a switch. */
export interface Option {
  /** What stands for the value in the help. */
  readonly value?: string
  readonly env?: string
  readonly fallback?: string
  /** May be given again and again; the environment variable holds one in each line. */
  readonly isRepeatable?: true
  /** A whole number of at least this. */
  readonly least?: number
  readonly choices?: readonly string[]
  readonly help: string
}

export type Options = Readonly<Record<string, Option>>

export interface OptionValues {
  text(name: string): string | undefined
  /** Of a repeatable one. */
  texts(name: string): readonly string[]
  isSet(name: string): boolean
  /** Throws UsageError for what is no whole number of at least what the option says. */
  number(name: string): number | undefined
  /** Throws UsageError for what is none of the option's choices. */
  choice(name: string): string | undefined
  /** Bytes, from a size such as 500k, 2MiB or 10GB. Throws UsageError. */
  bytes(name: string): number | undefined
}

/** Settings by the options' names; one line for each value of a repeatable one. */
export type Settings = Readonly<Record<string, string>>

/** Reads a command's arguments; the command line goes before the environment, that before the configuration file. Throws UsageError. */
export function parseOptions(
  args: readonly string[],
  options: Options,
  env: NodeJS.ProcessEnv,
  readFile: (path: string | undefined) => Settings = () => ({}),
): { readonly options: OptionValues; readonly operands: readonly string[] } {
  const { values, positionals } = parse(args, options)
  const ofEnvironment = (name: string) => env[options[name]?.env ?? ''] || undefined
  const given = (name: string) => {
    const value = values[name]
    if (Array.isArray(value)) return value.join('\n')
    return typeof value === 'boolean' ? '1' : value
  }
  const settings = values.help === true ? {} : readFile(given('config') ?? ofEnvironment('config'))
  return {
    operands: positionals,
    options: createOptionValues(options, (name) => given(name) ?? ofEnvironment(name) ?? settings[name]),
  }
}

/** The values of options whose texts `find` knows. */
export function createOptionValues(options: Options, find: (name: string) => string | undefined): OptionValues {
  const text = (name: string) => find(name) ?? options[name]?.fallback

  /** What `parse` makes of the text, undefined when there is none. */
  function read<Value>(name: string, expected: string, parse: (text: string) => Value | undefined): Value | undefined {
    const given = text(name)
    if (given === undefined) return undefined
    const value = parse(given)
    if (value === undefined) throw new UsageError(`--${name} takes ${expected}, not ${JSON.stringify(given)}`)
    return value
  }

  return {
    text,
    texts: (name) => (text(name) ?? '').split('\n').filter(Boolean),
    isSet: (name) => text(name) === '1',
    number(name) {
      const least = options[name]?.least ?? 0
      return read(name, `a whole number of at least ${least}`, (given) => {
        const isWhole = /^\d+$/.test(given) && Number.isSafeInteger(Number(given)) && Number(given) >= least
        return isWhole ? Number(given) : undefined
      })
    },
    choice(name) {
      const choices = options[name]?.choices ?? []
      return read(name, choices.join(' or '), (given) => (choices.includes(given) ? given : undefined))
    },
    bytes: (name) => read(name, 'a size such as 500k, 2MiB or 10GB', parseSize),
  }
}

function parse(args: readonly string[], options: Options) {
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
