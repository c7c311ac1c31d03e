import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { explainedSteps } from '#contract/explanation.ts'
import { faultStatus } from '#contract/fault-codes.ts'
import { findQuarantineReason } from './quarantine-reasons.ts'

const page = await readFile(new URL('../../docs/explain.md', import.meta.url), 'utf8')

test('docs/explain.md has every step and every reason, and no other', () => {
  const rows = [...page.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) => cell.match(/[\w-]+/g) ?? [])
  const reasons = Object.keys(faultStatus).filter((code) => findQuarantineReason(code) !== undefined)
  expect(rows.toSorted()).toEqual([...explainedSteps, ...reasons].toSorted())
})
