import { readFileSync } from 'node:fs'
import { configurationPath } from './configuration-path.ts'
import type { Option, Options, Settings } from './options.ts'
import { UsageError } from './usage-error.ts'

/** The settings of a JSON file whose members are named after options. Throws UsageError, which names the member. */
export function readConfigurationFile(path: string | undefined, options: Options): Settings {
  const json = readText(path)
  return json === undefined ? {} : parseSettings(parseJson(json, path), options, path ?? configurationPath)
}

/** Settings of an object whose members are named after options; `source` names it in what is thrown. Throws UsageError. */
export function parseSettings(value: unknown, options: Options, source: string): Settings {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${source}: a JSON object is due`)
  }
  const settings: Record<string, string> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === '$schema') continue
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined) throw new UsageError(`${source}: there is no setting ${JSON.stringify(name)}`)
    const text = textOf(member, option)
    if (text === undefined) throw new UsageError(`${source}: ${name} must be ${describeType(option)}`)
    settings[name] = text
  }
  return settings
}

/** Of the options that a file may hold, as JSON Schema. */
export function createConfigurationSchema(options: Options, watch: Options): object {
  const { watch: watched, ...rest } = options
  const directory = { directory: { type: 'string', description: 'the directory itself' }, ...propertiesOf(watch) }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'thingdrop-device',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      ...propertiesOf(rest),
      watch: {
        type: 'array',
        description: watched?.help,
        items: {
          oneOf: [
            { type: 'string' },
            { type: 'object', additionalProperties: false, required: ['directory'], properties: directory },
          ],
        },
      },
    },
  }
}

function readText(path: string | undefined): string | undefined {
  try {
    return readFileSync(path ?? configurationPath, 'utf8')
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new UsageError((error as Error).message)
  }
}

function parseJson(json: string, path: string | undefined): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`${path ?? configurationPath}: ${(error as Error).message}`)
  }
}

function textOf(member: unknown, option: Option): string | undefined {
  if (option.value === undefined) return typeof member === 'boolean' ? (member ? '1' : '') : undefined
  if (option.isRepeatable) return Array.isArray(member) ? lines(member) : undefined
  if (typeof member === 'number') return String(member)
  return typeof member === 'string' && option.least === undefined ? member : undefined
}

/** An object stands for itself as JSON, in one line. */
function lines(members: readonly unknown[]): string | undefined {
  const texts = members.map((member) => (typeof member === 'object' ? JSON.stringify(member) : member))
  const areLines = texts.every((text) => typeof text === 'string' && !text.includes('\n'))
  return areLines ? texts.join('\n') : undefined
}

function describeType({ value, isRepeatable, least, choices }: Option): string {
  if (value === undefined) return 'true or false'
  if (isRepeatable) return 'an array of texts'
  if (least !== undefined) return `a whole number of at least ${least}`
  return choices === undefined ? 'a text' : choices.map((choice) => JSON.stringify(choice)).join(' or ')
}

function propertiesOf(options: Options): object {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, schemaOf(option)]))
}

function schemaOf({ value, isRepeatable, least, choices, fallback, help }: Option): object {
  const description = fallback === undefined ? help : `${help}; ${fallback} when not given`
  if (value === undefined) return { type: 'boolean', description }
  if (isRepeatable) return { type: 'array', items: { type: 'string' }, description }
  if (least !== undefined) return { type: 'integer', minimum: least, description }
  return choices === undefined ? { type: ['string', 'number'], description } : { enum: choices, description }
}
