import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createProgress, type Outcome } from './progress.ts'

function startProgress(total: number, out: { isTerminal: boolean; width?: number }) {
  let nowMs = 0
  const written: string[] = []
  const write = async (text: string) => void written.push(text)
  const progress = createProgress({
    total,
    noun: 'devices',
    out: { write, isTerminal: out.isTerminal, width: out.width, colours: false },
    clock: () => new Date(nowMs),
  })
  const settle = async (outcome: Outcome, tookMs: number) => {
    nowMs += tookMs
    await progress.settle(outcome)
  }
  return { progress, settle, written }
}

test('a log gets a line every ten seconds, with the rate of what was made now', async () => {
  const { settle, written, progress } = startProgress(1000, { isTerminal: false })
  for (let i = 0; i < 500; i++) await settle('there', 0)
  for (let i = 0; i < 100; i++) await settle('made', 100)
  for (let i = 0; i < 100; i++) await settle('failed', 100)
  await progress.end()
  expect(written).toEqual([
    '600 of 1000 devices, 10.0/s, 40 s left\n',
    '700 of 1000 devices, 10.0/s, 30 s left, 100 failed\n',
  ])
})

test('a terminal gets a bar that leaves nothing behind, and the time that is left when it can be told', async () => {
  const { settle, written, progress } = startProgress(40, { isTerminal: true, width: 60 })
  await settle('made', 500)
  await settle('made', 50)
  for (let i = 0; i < 18; i++) await settle('made', 0)
  await settle('made', 1450)
  await progress.end()
  expect(written).toEqual([
    '\r\u001b[K[-------------------------------------] 1/40 devices, 2.0/s',
    '\r\u001b[K[#############------------] 21/40 devices, 10.5/s, 2 s left',
    '\r\u001b[K',
  ])
})

test('a bar fits its terminal, however narrow', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 10, max: 200 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 1e9 }),
      async (width, total, tookMs) => {
        const { settle, written } = startProgress(total, { isTerminal: true, width })
        await settle('made', tookMs)
        expect(written[0]?.replace('\r\u001b[K', '').length).toBeLessThan(width)
      },
    ),
  )
})
