import { type CompletionNode, type CompletionValue, valueFlagsOf } from './read-command-tree.ts'

/** A script for bash 3.2 and later: no associative array, no mapfile. */
export function formatBashCompletion(name: string, nodes: readonly CompletionNode[]): string {
  const commands = nodes.map(({ at }) => at).filter((at) => at !== '')
  return `# bash completion for ${name}
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at='' word i
  local commands='' options='' choices='' takes=argument
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${valueFlagsOf(nodes).join('|')})
        ((i++))
        if [[ \${COMP_WORDS[i]} == '=' ]]; then ((i++)); fi ;;
      -*) ;;
      *)
        case "$at $word" in
          ${commands.map(quote).join('|')}) at="$at $word" ;;
        esac ;;
    esac
  done
  # bash takes --output=json for three words.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  case $at in
${nodes.map(formatNode).join('\n')}
  esac
  if [[ $takes == argument && $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ $takes == file ]]; then
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$cur"))
    compopt -o filenames 2> /dev/null
  elif [[ $takes == argument ]]; then
    COMPREPLY=($(compgen -W "$commands $choices" -- "$cur"))
  elif [[ $takes == choice ]]; then
    COMPREPLY=($(compgen -W "$choices" -- "$cur"))
  fi
}
complete -F _${name} ${name}
`
}

function formatNode({ at, commands, options, argument }: CompletionNode): string {
  const flagsBy = new Map<string, string[]>()
  for (const { flags, value } of options) {
    if (value) flagsBy.set(takeValue(value), [...(flagsBy.get(takeValue(value)) ?? []), ...flags])
  }
  const cases = [...flagsBy].map(([takes, flags]) => `        ${flags.join('|')}) ${takes} ;;`)
  return [
    `    ${quote(at)})`,
    `      commands=${quote(commands.map((command) => command.name).join(' '))}`,
    `      options=${quote(options.flatMap(({ flags }) => flags).join(' '))}`,
    ...(argument?.choices.length ? [`      choices=${quote(argument.choices.join(' '))}`] : []),
    '      case $prev in',
    ...cases,
    ...(argument?.isFile ? [`        *) if [[ $cur != -* ]]; then takes=file; fi ;;`] : []),
    '      esac ;;',
  ].join('\n')
}

function takeValue({ isFile, choices }: CompletionValue): string {
  if (isFile) return 'takes=file'
  return choices.length === 0 ? 'takes=value' : `takes=choice choices=${quote(choices.join(' '))}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
