import type { Command } from 'commander'
import { OperatorError } from '../operator-error.ts'
import { terminalSafe } from '../output/terminal-safe.ts'
import type { CommandContext } from './command-context.ts'

export interface ConfirmOptions {
  readonly yes?: true
}

export function addConfirmOption(command: Command): Command {
  return command.option('--yes', 'do it without asking')
}

/** Says what will happen and lets the person stop it. Throws CONFIRMATION_MISSING, NOT_CONFIRMED. */
export async function confirm(
  consequence: string,
  { yes }: ConfirmOptions,
  { ask }: Pick<CommandContext, 'ask'>,
): Promise<void> {
  if (yes) return
  if (ask === undefined) {
    throw new OperatorError('CONFIRMATION_MISSING', `${consequence} Nobody is here to confirm that.`, {
      hint: '--yes confirms it',
    })
  }
  const answer = await ask(`${terminalSafe(consequence)}\nGo on? [y/N] `)
  if (!/^y(es)?$/i.test(answer.trim())) throw new OperatorError('NOT_CONFIRMED', 'nothing was done')
}
