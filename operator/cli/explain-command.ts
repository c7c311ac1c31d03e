import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { Explanation } from '#contract/explanation.ts'
import type { Out } from '../output/out.ts'
import { formatSafeJson, terminalSafe } from '../output/terminal-safe.ts'
import { type AnswerOptions, addAnswerOptions } from './answer-options.ts'
import type { CommandContext } from './command-context.ts'

type Step = Explanation['steps'][number]

const marks = {
  holds: { mark: '✔', colour: 'green' },
  broken: { mark: '✘', colour: 'red' },
  waiting: { mark: '…', colour: 'yellow' },
  unknown: { mark: '?', colour: 'gray' },
} as const satisfies Record<Step['outcome'], object>

const explainHelp = `
The way: ca, certificate, registration, thing, policy, role-alias, role, credentials, upload. A step holds, is broken (with
what mends it), waits (not yet, and nothing is wrong) or is unknown, because an earlier one is broken. Exits with 1 when
something is broken.

Examples:
  $ thingdrop explain press-1
  $ thingdrop explain ${'5d7c1a9e'.repeat(8)} --output json
`

export function addExplainCommand(program: Command, context: CommandContext): void {
  addAnswerOptions(program.command('explain').argument('<subject>', 'name of a thing or id of a certificate'))
    .description("walk a device's way from its CA to its last file, and say where it stops")
    .addHelpText('after', explainHelp)
    .action((subject: string, _, explain: Command) => explainSubject(subject, explain.optsWithGlobals(), context))
}

async function explainSubject(subject: string, options: AnswerOptions, context: CommandContext): Promise<void> {
  const { stdout, connect, setExitCode } = context
  const operator = await connect(options)
  const explanation = await operator.explain(subject)
  await stdout.write(
    options.output === 'json' ? `${formatSafeJson(explanation)}\n` : formatExplanation(explanation, stdout),
  )
  if (explanation.steps.some(({ outcome }) => outcome === 'broken')) setExitCode(1)
}

function formatExplanation({ subject, thingName, certificateId, steps }: Explanation, out: Out): string {
  const about = [
    ...(thingName === undefined ? [] : [`thing ${thingName}`]),
    ...(certificateId === undefined ? [] : [`certificate ${certificateId}`]),
  ]
  const width = Math.max(...steps.map(({ step }) => step.length))
  const lines = steps.flatMap(({ step, outcome, finding, mend }) => [
    `${formatMark(outcome, out)}  ${step.padEnd(width)}  ${terminalSafe(finding)}`,
    ...(mend === undefined ? [] : [`${' '.repeat(width + 13)}mend: ${terminalSafe(mend)}`]),
  ])
  return [terminalSafe(about.join(', ') || subject), ...lines].map((line) => `${line}\n`).join('')
}

function formatMark(outcome: Step['outcome'], { colours }: Out): string {
  const { mark, colour } = marks[outcome]
  const text = `${mark} ${outcome.padEnd(7)}`
  return colours ? styleText(colour, text, { validateStream: false }) : text
}
