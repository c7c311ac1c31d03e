import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Upload } from '#contract/upload-log-api.ts'
import { followUploads } from './follow-uploads.ts'

const startMs = Date.parse('2026-03-01T08:00:00.000Z')
const since = new Date(startMs).toISOString()

function rowAt(second: number, name: number): Upload {
  const eventTime = new Date(startMs + second * 1000).toISOString()
  return { event: 'created', key: `things/press-1/${name}`, eventTime, loggedAt: eventTime, sequencer: `${name}` }
}

/** A log into which rows come round by round, read newest first in pages of three. */
async function follow(rounds: readonly (readonly Upload[])[]) {
  const log: Upload[] = [...(rounds[0] ?? [])]
  let round = 0
  const reads: string[] = []
  const batches: Upload[][] = []
  const following = followUploads({
    since,
    async *readFrom(from) {
      reads.push(from)
      const rows = log
        .filter(({ eventTime }) => eventTime >= from)
        .toSorted((a, b) => (a.eventTime < b.eventTime ? 1 : -1))
      while (rows.length > 0) yield rows.splice(0, 3)
    },
    async isDue() {
      log.push(...(rounds[++round] ?? []))
      return round < rounds.length
    },
    async pardon(error) {
      throw error
    },
  })
  for await (const batch of following) batches.push([...batch])
  return { batches, reads }
}

test('each row comes once, however late and in whatever order its event came', async () => {
  // The newest row tells how late another is; what comes within ten seconds of it is usual.
  const late = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 7 }), { maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(late, async (latenesses) => {
      let name = 0
      const rounds = latenesses.map((late, round) => late.map((seconds) => rowAt(60 + round - seconds, name++)))
      const { batches } = await follow(rounds)
      const given = batches.flat().map(({ key }) => key)
      expect(given.toSorted()).toEqual(
        rounds
          .flat()
          .map(({ key }) => key)
          .toSorted(),
      )
      for (const batch of batches) {
        const times = batch.map(({ eventTime }) => eventTime)
        expect(times).toEqual(times.toSorted())
      }
    }),
  )
})

test('a row that is two minutes late comes with the next look back', async () => {
  const rounds = Array.from({ length: 11 }, (_, round) => (round === 1 ? [rowAt(200, 1), rowAt(85, 2)] : []))
  const { batches } = await follow(rounds.with(0, [rowAt(200, 0)]))
  expect(batches.map((batch) => batch.map(({ key }) => key))).toEqual([
    ['things/press-1/0'],
    ['things/press-1/1'],
    ['things/press-1/2'],
  ])
})

test('a look reads no more than it must', async () => {
  const { reads } = await follow(Array.from({ length: 12 }, (_, round) => [rowAt(600 + round, round)]))
  const back = reads.map((from) => (Date.parse(from) - startMs) / 1000)
  expect(back).toEqual([0, 590, 591, 592, 593, 594, 595, 596, 597, 598, 489, 600])
})

test('a failure that passes loses nothing', async () => {
  let reads = 0
  const pardoned: [error: unknown, inRow: number][] = []
  const failure = new Error('away')
  const following = followUploads({
    since,
    async *readFrom() {
      reads++
      if (reads === 2 || reads === 3) {
        yield [rowAt(2, 2)]
        throw failure
      }
      yield reads === 1 ? [rowAt(1, 1)] : [rowAt(2, 2), rowAt(1, 1)]
    },
    isDue: async () => reads < 5,
    pardon: async (error, inRow) => void pardoned.push([error, inRow]),
  })
  const given: string[] = []
  for await (const batch of following) given.push(...batch.map(({ key }) => key))
  expect(given).toEqual(['things/press-1/1', 'things/press-1/2'])
  expect(pardoned).toEqual([
    [failure, 1],
    [failure, 2],
  ])
})
