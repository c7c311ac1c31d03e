import type { Argument, Command, Option } from 'commander'

/** What can stand in a place: one of the choices, a file, or what only the person knows. */
export interface CompletionValue {
  readonly choices: readonly string[]
  readonly isFile: boolean
}

interface CompletionOption {
  /** `--output`, and `-h` where there is one. */
  readonly flags: readonly string[]
  readonly description: string
  /** Undefined for an option that stands alone. */
  readonly value: CompletionValue | undefined
}

/** What may follow the words of one command. */
export interface CompletionNode {
  /** The words after the program's name, each with a space before it; empty for the program alone. */
  readonly at: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  /** Its own and those of the commands above it. */
  readonly options: readonly CompletionOption[]
  readonly argument: CompletionValue | undefined
}

/** Every command of a program with what may follow it, the program itself first. */
export function readCommandTree(program: Command): CompletionNode[] {
  return readNode(program, '')
}

/** Every flag that takes the next word, wherever it stands. */
export function valueFlagsOf(nodes: readonly CompletionNode[]): string[] {
  const options = nodes.flatMap((node) => node.options).filter(({ value }) => value !== undefined)
  return [...new Set(options.flatMap(({ flags }) => flags))].toSorted()
}

function readNode(command: Command, at: string): CompletionNode[] {
  const help = command.createHelp()
  const children = command.commands.filter((child) => help.visibleCommands(command).includes(child))
  const [argument] = command.registeredArguments
  const node = {
    at,
    commands: children.map((child) => ({ name: child.name(), description: child.description() })),
    options: [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].map(readOption),
    argument: argument && readValue(argument, argument.name()),
  }
  return [node, ...children.flatMap((child) => readNode(child, `${at} ${child.name()}`))]
}

function readOption(option: Option): CompletionOption {
  const placeholder = /[<[](.+)[>\]]/.exec(option.flags)?.[1]
  return {
    flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    value: placeholder === undefined ? undefined : readValue(option, placeholder),
  }
}

function readValue({ argChoices = [] }: Pick<Option | Argument, 'argChoices'>, placeholder: string): CompletionValue {
  return { choices: argChoices, isFile: /^(file|dir)$/.test(placeholder) }
}
