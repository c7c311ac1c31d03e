import { type CompletionNode, type CompletionValue, valueFlagsOf } from './read-command-tree.ts'

/** A script for fish 3. */
export function formatFishCompletion(name: string, nodes: readonly CompletionNode[]): string {
  const commands = nodes.map(({ at }) => at).filter((at) => at !== '')
  return `# fish completion for ${name}
function __${name}_at
    set -l at ''
    set -l is_value no
    for word in (commandline -opc)[2..-1]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch $word
            case ${valueFlagsOf(nodes).join(' ')}
                set is_value yes
            case '-*'
            case '*'
                switch "$at $word"
                    case ${commands.map(quote).join(' ')}
                        set at "$at $word"
                end
        end
    end
    test "$at" = "$argv[1]"
end
complete -c ${name} -f
${nodes.flatMap((node) => formatNode(name, node)).join('\n')}
`
}

function formatNode(name: string, { at, commands, options, argument }: CompletionNode): string[] {
  const start = `complete -c ${name} -n ${quote(`__${name}_at ${quote(at)}`)}`
  return [
    ...commands.map((command) => `${start} -a ${command.name} -d ${quote(command.description)}`),
    ...options.map(
      ({ flags, description, value }) =>
        `${start} ${flags.map(formatFlag).join(' ')}${value ? formatValue(value) : ''} -d ${quote(description)}`,
    ),
    ...(argument?.isFile ? [`${start} -F`] : []),
    ...(argument?.choices.length ? [`${start} -a ${quote(argument.choices.join(' '))}`] : []),
  ]
}

function formatFlag(flag: string): string {
  return flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
}

function formatValue({ isFile, choices }: CompletionValue): string {
  if (isFile) return ' -r -F'
  return choices.length === 0 ? ' -x' : ` -x -a ${quote(choices.join(' '))}`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
