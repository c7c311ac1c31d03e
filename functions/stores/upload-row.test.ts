import { expect, test } from 'vitest'
import { partitionsOfCertificate, partitionsOfFleet, partitionsOfThing, toRow, toUpload } from './upload-row.ts'

function upload(thingName: string, number: number) {
  const uploadId = number.toString(16).padStart(16, '0')
  return {
    thingName,
    event: 'created' as const,
    key: `things/${thingName}/2026-05-01/${uploadId}-a.csv`,
    sizeBytes: 1,
    eventTime: '2026-05-01T11:59:58.123Z',
    loggedAt: '2026-05-01T12:00:00.000Z',
    sequencer: '0A1B',
    certificateId: 'c'.repeat(64),
    uploadId,
  }
}

const thousand = Array.from({ length: 1000 }, (_, number) => toRow(upload('press-7', number)))

/** How many of a thousand rows lie in the partition that has most. */
function mostIn(partitionOf: (row: (typeof thousand)[number]) => string | undefined): number {
  const counts = new Map<string | undefined, number>()
  for (const row of thousand) counts.set(partitionOf(row), (counts.get(partitionOf(row)) ?? 0) + 1)
  return Math.max(...counts.values())
}

test('a thousand files of one device leave every partition below what it takes in a second', () => {
  expect(mostIn(({ thing }) => thing)).toBeLessThan(300)
  expect(mostIn(({ certificateShard }) => certificateShard)).toBeLessThan(300)
  expect(mostIn(({ fleetShard }) => fleetShard)).toBeLessThan(175)
  expect(mostIn(({ uploadId }) => uploadId)).toBe(1)
})

test('its own partitions are no other thing’s, and lists know all of them', () => {
  const others = new Set(partitionsOfThing('press-8'))
  for (const row of thousand) {
    expect(others).not.toContain(row.thing)
    expect(partitionsOfThing('press-7')).toContain(row.thing)
    expect(partitionsOfCertificate('c'.repeat(64))).toContain(row.certificateShard)
    expect(partitionsOfFleet('created')).toContain(row.fleetShard)
    expect(partitionsOfFleet()).toContain(row.fleetShard)
  }
})

test('a duplicate is the same row whenever it is logged; another event of the key is another', () => {
  const place = ({ thing, position }: { thing: string; position: string }) => `${thing} ${position}`
  const first = toRow(upload('press-7', 1))
  expect(place(toRow({ ...upload('press-7', 1), loggedAt: '2026-06-01T00:00:00.000Z' }))).toBe(place(first))
  const others = [
    { ...upload('press-7', 1), event: 'removed' as const },
    { ...upload('press-7', 1), sequencer: '0A1C' },
    { ...upload('press-7', 1), key: `${upload('press-7', 1).key}x` },
  ]
  for (const other of others) expect(place(toRow(other))).not.toBe(place(first))
})

test('rows of one key and time stand in the order of their sequencers, the shorter padded', () => {
  const positions = ['0A1', '0A1B', '0A1B1', '0A2'].map(
    (sequencer) => toRow({ ...upload('press-7', 1), sequencer }).position,
  )
  expect(positions.toSorted()).toEqual(positions)
})

test('a row without its keys is the upload that was logged', () => {
  expect(toUpload(toRow(upload('press-7', 1), 30))).toEqual(upload('press-7', 1))
  const { uploadId: _, ...unnamed } = { ...upload('press-7', 1), key: 'notes.txt' }
  expect(toUpload(toRow(unnamed))).toEqual(unnamed)
})

test('rows are kept for ever, or for so many days after their event', () => {
  expect(toRow(upload('press-7', 1)).deleteAt).toBeUndefined()
  expect(toRow(upload('press-7', 1), 2).deleteAt).toBe(Date.UTC(2026, 4, 3, 11, 59, 58) / 1000)
})
