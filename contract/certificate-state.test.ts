import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { certificateStates, certificateTransitions, firstStates, statesBefore } from './certificate-state.ts'

test('the drawing in docs/ has these states and transitions, and no others', async () => {
  const page = await readFile(new URL('../docs/certificate-states.md', import.meta.url), 'utf8')
  const [, drawing = ''] = /```mermaid\n([\s\S]*?)```/.exec(page) ?? []
  const drawn = [...drawing.matchAll(/^\s*(\[\*\]|\w+) --> (\[\*\]|\w+)/gm)].map(([, from, to]) => `${from} ${to}`)
  const expected = [
    ...firstStates.map((state) => `[*] ${state}`),
    ...certificateStates.flatMap((from) => certificateTransitions[from].map((to) => `${from} ${to}`)),
  ]
  expect(drawn.toSorted()).toEqual(expected.toSorted())
  for (const state of certificateStates) expect(page, state).toContain(`| \`${state}\` |`)
})

test('nothing comes back from revoked, and every state can be reached', () => {
  expect(certificateTransitions.revoked).toEqual([])
  const reached = new Set(firstStates)
  for (const state of reached) for (const next of certificateTransitions[state]) reached.add(next)
  expect([...reached].toSorted()).toEqual(certificateStates.toSorted())
  for (const state of certificateStates) {
    for (const before of statesBefore(state)) expect(certificateTransitions[before]).toContain(state)
  }
})
