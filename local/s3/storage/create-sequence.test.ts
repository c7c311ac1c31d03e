import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openStore } from '#local/store.ts'
import { createSequence } from './create-sequence.ts'

const folder = mkdtempSync(join(tmpdir(), 's3-sequence-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('numbers grow while the clock stands or goes back, and after a restart', () => {
  let now = new Date('2026-01-01T00:00:00Z')
  const numbers: number[] = []
  for (const step of [0, 5000, -3_600_000]) {
    const store = openStore(join(folder, 'sequence.sqlite'))
    const next = createSequence(store.database, () => now)
    now = new Date(now.getTime() + step)
    for (let count = 0; count < 3; count++) numbers.push(next())
    store.close()
  }
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  expect(new Set(numbers).size).toBe(9)
})
