import { Argument, type Command } from 'commander'
import type { CommandContext } from './command-context.ts'
import { formatBashCompletion } from './completion/format-bash-completion.ts'
import { formatFishCompletion } from './completion/format-fish-completion.ts'
import { formatZshCompletion } from './completion/format-zsh-completion.ts'
import { readCommandTree } from './completion/read-command-tree.ts'

const formatters = { bash: formatBashCompletion, zsh: formatZshCompletion, fish: formatFishCompletion }

const completionHelp = `
For bash a line of ~/.bashrc, for zsh a line of ~/.zshrc after compinit, for fish a file:

Examples:
  $ source <(thingdrop completion bash)
  $ source <(thingdrop completion zsh)
  $ thingdrop completion fish > ~/.config/fish/completions/thingdrop.fish
`

export function addCompletionCommand(program: Command, { stdout }: CommandContext): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands and options')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(formatters)))
    .addHelpText('after', completionHelp)
    .action((shell: keyof typeof formatters) =>
      stdout.write(formatters[shell](program.name(), readCommandTree(program))),
    )
}
