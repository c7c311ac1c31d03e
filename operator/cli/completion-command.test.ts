import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { hasProgram } from '../../test/has-program.ts'
import { makeFolder, runCommand } from '../test-cli.ts'

/** The words of a command line, the last one unfinished, and what a shell offers for it. */
const cases: readonly (readonly [words: readonly string[], offers: readonly string[]])[] = [
  [['upl'], ['uploads']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [['certificates', 'a'], ['approve']],
  [['--region', 'claims', 'certificates', 'a'], ['approve']],
  [
    ['certificates', 'list', '--output', ''],
    ['table', 'json', 'jsonl', 'csv'],
  ],
  [
    ['uploads', 'list', '--thing', 'list', '--output', 'js'],
    ['json', 'jsonl'],
  ],
  [['claims', 'create', '--fi'], ['--first']],
  [['claims', 'create', '--pro'], ['--profile']],
  [['claims', 'create', '--thing', ''], []],
  [['things', 'show', 'c'], []],
  [
    ['ca', 'register', '--cert', 'fleet'],
    ['fleet ca.pem', 'fleet-dir'],
  ],
]

const scripts: Record<string, string> = {}
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, stderr, code } = await runCommand(['completion', shell])
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    scripts[shell] = stdout
  }
})

/** In a folder with a file and a folder to offer. Each line that the program prints. */
async function linesOf(program: string, args: readonly string[]): Promise<string[]> {
  const folder = await makeFolder()
  await mkdir(join(folder, 'fleet-dir'))
  await writeFile(join(folder, 'fleet ca.pem'), '')
  const { stdout, stderr, status } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' },
  })
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  return stdout.split('\n').slice(0, -1)
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`
}

/** Offers for each line of words, in one process. */
async function completeAll(
  program: string,
  args: readonly string[],
  script: string,
  complete: (words: readonly string[]) => string,
  lines: readonly (readonly string[])[],
): Promise<string[][]> {
  const printed = await linesOf(program, [...args, [script, ...lines.map(complete)].join('\n')])
  const answers: string[][] = []
  let answer: string[] = []
  for (const line of printed) {
    if (line !== '--end--') answer.push(line.trimEnd())
    else answers.push(answer)
    if (line === '--end--') answer = []
  }
  return answers
}

async function completeInBash(lines: readonly (readonly string[])[]): Promise<string[][]> {
  const complete = (words: readonly string[]) =>
    [
      `COMP_WORDS=(thingdrop ${words.map(quote).join(' ')}) COMP_CWORD=${words.length}`,
      '_thingdrop',
      // bash before 4.4 takes an empty array for an unset one.
      `if ((\${#COMPREPLY[@]})); then printf '%s\\n' "\${COMPREPLY[@]}"; fi`,
      'echo --end--',
    ].join('\n')
  return completeAll('bash', ['--norc', '-uc'], scripts.bash ?? '', complete, lines)
}

describe.skipIf(!hasProgram('bash'))('bash (needs bash)', () => {
  test('is offered what may follow', async () => {
    const offered = await completeInBash(cases.map(([words]) => words))
    for (const [index, [words, offers]] of cases.entries()) {
      expect({ words, offers: offered[index]?.toSorted() }).toEqual({ words, offers: offers.toSorted() })
    }
  })

  test('takes --output=js apart', async () => {
    const start = ['things', 'list', '--output', '=']
    expect(await completeInBash([[...start, 'js'], start])).toEqual([
      ['json', 'jsonl'],
      ['table', 'json', 'jsonl', 'csv'],
    ])
  })

  test('finds every command and every option that --help shows', async () => {
    const commands: { path: readonly string[]; children: string[]; options: string[] }[] = []
    async function walk(path: readonly string[]): Promise<void> {
      const { stdout } = await runCommand([...path, '--help'])
      const [, listed = ''] = /\nCommands:\n((?: {2}.*\n)+)/.exec(stdout) ?? []
      const children = [...listed.matchAll(/^ {2}([a-z-]+)/gm)]
        .map(([, name = '']) => name)
        .filter((name) => name !== 'help')
      const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = '']) => flag)
      commands.push({ path, children, options: options.toSorted() })
      for (const child of children) await walk([...path, child])
    }
    await walk([])
    const offered = await completeInBash(
      commands.flatMap(({ path }) => [
        [...path, ''],
        [...path, '--'],
      ]),
    )
    for (const [index, { path, children, options }] of commands.entries()) {
      if (children.length > 0) expect({ path, children: offered[2 * index] }).toEqual({ path, children })
      expect({ path, options: offered[2 * index + 1]?.toSorted() }).toEqual({ path, options })
    }
    expect(commands.length).toBeGreaterThan(20)
  })
})

test.skipIf(!hasProgram('zsh'))('zsh is offered what may follow (needs zsh)', async () => {
  // What zsh's completion system does with the answer: it shows what begins as the word does.
  const system = `
compdef() {}
_describe() {
  local one
  [[ $1 == -o ]] && shift
  for one in \${(P)2}; do [[ $one == $PREFIX* ]] && print -r -- "\${one%%:*}"; done
}
_files() { for one in $PREFIX*(N); do print -r -- "$one"; done }
`
  const complete = (words: readonly string[]) =>
    `words=(thingdrop ${words.map(quote).join(' ')}) CURRENT=${words.length + 1} PREFIX=${quote(words.at(-1) ?? '')}\n_thingdrop\necho --end--`
  const lines = cases.map(([words]) => words)
  const offered = await completeAll('zsh', ['-f', '-c'], system + scripts.zsh, complete, lines)
  for (const [index, [words, offers]] of cases.entries()) {
    expect({ words, offers: offered[index]?.toSorted() }).toEqual({ words, offers: offers.toSorted() })
  }
})

test.skipIf(!hasProgram('fish'))('fish is offered what may follow (needs fish)', async () => {
  const complete = (words: readonly string[]) =>
    `complete -C ${quote(['thingdrop', ...words].join(' '))} | string replace -r '\\t.*' ''\necho --end--`
  const lines = cases.map(([words]) => words)
  const offered = await completeAll('fish', ['--no-config', '-c'], scripts.fish ?? '', complete, lines)
  for (const [index, [words, offers]] of cases.entries()) {
    const names = offered[index]?.map((name) => name.replace(/\/$/, ''))
    expect({ words, offers: names?.toSorted() }).toEqual({ words, offers: offers.toSorted() })
  }
})
