import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTally } from './tally.ts'

function startTally(terminal: { isTerminal: boolean; width?: number }) {
  let nowMs = 0
  const written: string[] = []
  const write = async (text: string) => void written.push(text)
  const tally = createTally('uploads', { write, colours: false, width: undefined, ...terminal }, () => new Date(nowMs))
  const add = async (count: number, tookMs: number, place?: string) => {
    nowMs += tookMs
    await tally.add(count, place)
  }
  return { tally, add, written }
}

test('a log gets a line every ten seconds', async () => {
  const { tally, add, written } = startTally({ isTerminal: false })
  for (let page = 0; page < 25; page++) await add(1000, 1000, 'back to 2026-03-01')
  await tally.end()
  expect(written).toEqual([
    '10000 uploads, 1000/s, back to 2026-03-01\n',
    '20000 uploads, 1000/s, back to 2026-03-01\n',
  ])
})

test('a terminal gets one line that leaves nothing behind', async () => {
  const { tally, add, written } = startTally({ isTerminal: true, width: 30 })
  await add(1000, 50)
  await add(1000, 50)
  await tally.end()
  expect(written).toEqual(['\r\u001b[K2000 uploads, 20000/s', '\r\u001b[K'])
})

test('the line fits its terminal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 100 }), fc.nat(), async (width, count) => {
      const { add, written } = startTally({ isTerminal: true, width })
      await add(count, 100, 'back to 2026-03-01T08:00:00Z')
      expect(written[0]?.replace('\r\u001b[K', '').length).toBeLessThan(width)
    }),
  )
})
