import { readFile } from 'node:fs/promises'
import { type Command, CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { addLocalCommand } from '../../start/local-command.ts'
import type { CommandContext } from './command-context.ts'
import { createProgram } from './create-program.ts'

const silent = { write: async () => {}, isTerminal: false, width: undefined, colours: false }
const reached = new Error('the command line was taken')

/** A context in which a command comes as far as its first request. */
const context: CommandContext = {
  stdout: silent,
  stderr: silent,
  clock: () => new Date(),
  connect: async () => {
    throw reached
  },
  ask: async () => 'y',
  pause: async () => false,
  onInterrupt: () => AbortSignal.abort(),
  setExitCode: () => {},
}

function createWholeProgram(): Command {
  const program = createProgram(context)
  addLocalCommand(program, context)
  return program
}

function leavesOf(command: Command, path: readonly string[] = []): (readonly [name: string, command: Command])[] {
  const leaves = command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]))
  const isRunnable = command.commands.length === 0 || command.name() === 'local'
  return isRunnable ? [[path.join(' '), command], ...leaves] : leaves
}

function helpOf(command: Command): string {
  const parts: string[] = []
  command.configureOutput({ writeOut: (text) => void parts.push(text) }).outputHelp()
  return parts.join('')
}

/** The words after `thingdrop` of each example, as a shell would split them. */
function examplesIn(help: string): string[][] {
  const [, examples = ''] = /Examples?:\n([\s\S]*)$/.exec(help) ?? []
  return [...examples.matchAll(/\bthingdrop ([^)>&|\n]+)/g)].map(([, line = '']) =>
    [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare ?? ''),
  )
}

const leaves = leavesOf(createWholeProgram())

test('the program has all of its commands', () => {
  expect(leaves.length).toBeGreaterThan(20)
})

describe.each(leaves)('thingdrop %s', (name, command) => {
  const help = helpOf(command)

  test('has an example of itself', () => {
    expect(help).toMatch(/Examples?:\n {2}\$ /)
    expect(examplesIn(help).map((words) => words.join(' '))).toContainEqual(
      expect.stringMatching(new RegExp(`^${name}`)),
    )
  })

  test.runIf(!name.startsWith('local'))('takes each of its examples', async () => {
    for (const words of examplesIn(help)) {
      const failure = await createWholeProgram()
        .configureOutput({ writeErr: () => {} })
        .parseAsync(words, { from: 'user' })
        .catch((error) => error)
      // An example that reads a file comes as far as the file.
      if (failure !== reached && words[0] !== 'completion')
        expect({ words, failure }).toMatchObject({ failure: { code: 'FILE_UNREADABLE' } })
      expect(failure).not.toBeInstanceOf(CommanderError)
    }
  })

  test('is told by docs/operators.md', async () => {
    const docs = await readFile(new URL('../../docs/operators.md', import.meta.url), 'utf8')
    expect(docs).toContain(`thingdrop ${name}`)
  })
})
