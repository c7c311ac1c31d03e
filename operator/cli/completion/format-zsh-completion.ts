import { type CompletionNode, type CompletionValue, valueFlagsOf } from './read-command-tree.ts'

/** A script for a file `_thingdrop` on the fpath, and for `source` after compinit. */
export function formatZshCompletion(name: string, nodes: readonly CompletionNode[]): string {
  const commands = nodes.map(({ at }) => at).filter((at) => at !== '')
  return `#compdef ${name}
_${name}() {
  local at='' word prev=$words[CURRENT-1]
  local -a commands options choices
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    case $word in
      (${valueFlagsOf(nodes).join('|')}) ((i++)) ;;
      (-*) ;;
      (*)
        case "$at $word" in
          (${commands.map(quote).join('|')}) at="$at $word" ;;
        esac ;;
    esac
  done
  if [[ $PREFIX == --*=* ]]; then
    prev=\${PREFIX%%=*}
    compset -P '*='
  fi
  case $at in
${nodes.map(formatNode).join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option options
  elif (($#commands)); then
    _describe command commands
  elif (($#choices)); then
    _describe argument choices
  fi
}
if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`
}

function formatNode({ at, commands, options, argument }: CompletionNode): string {
  const cases = options.flatMap(({ flags, value }) =>
    value === undefined ? [] : [`        (${flags.join('|')}) ${completeValue(value)}; return ;;`],
  )
  return [
    `    (${quote(at)})`,
    `      commands=(${commands.map((command) => describe(command.name, command.description)).join(' ')})`,
    `      options=(${options.flatMap(({ flags, description }) => flags.map((flag) => describe(flag, description))).join(' ')})`,
    `      choices=(${(argument?.choices ?? []).map(quote).join(' ')})`,
    '      case $prev in',
    ...cases,
    '      esac',
    ...(argument?.isFile ? ['      if [[ $PREFIX != -* ]]; then _files; return; fi'] : []),
    '      ;;',
  ].join('\n')
}

function completeValue({ isFile, choices }: CompletionValue): string {
  if (isFile) return '_files'
  if (choices.length === 0) return ':'
  return `choices=(${choices.map(quote).join(' ')}); _describe value choices`
}

/** _describe ends the name at the first colon. */
function describe(name: string, description: string): string {
  return quote(`${name.replaceAll(':', '\\:')}:${description}`)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
