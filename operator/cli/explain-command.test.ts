import { expect, test } from 'vitest'
import { runCommand, startCliApi } from '../test-cli.ts'

const id = '5d7c1a9e'.repeat(8)
const holding = { step: 'ca', outcome: 'holds', finding: 'CN=Fleet is active' }
const waiting = { step: 'upload', outcome: 'waiting', finding: 'no file yet' }
const broken = {
  step: 'registration',
  outcome: 'broken',
  finding: 'THING_HELD:\u001b[2J another certificate holds press-1',
  mend: `thingdrop certificates approve ${id} --replace`,
}
const unknown = { step: 'credentials', outcome: 'unknown', finding: 'registration is broken' }

function explanationOf(...steps: readonly object[]) {
  const about = { subject: 'press-1', thingName: 'press-1', certificateId: id, explainedAt: '2026-03-01T00:00:00Z' }
  return { status: 200, body: { ...about, steps } }
}

test('prints each step with its mark and what mends it, and exits with 1 for one that is broken', async () => {
  const { env, requests } = await startCliApi(() => explanationOf(holding, broken, unknown))
  const { stdout, stderr, code } = await runCommand(['explain', 'press-1'], env)
  expect(stdout).toBe(
    [
      `thing press-1, certificate ${id}`,
      '✔ holds    ca            CN=Fleet is active',
      '✘ broken   registration  THING_HELD: another certificate holds press-1',
      `                         mend: thingdrop certificates approve ${id} --replace`,
      '? unknown  credentials   registration is broken',
      '',
    ].join('\n'),
  )
  expect({ stderr, code }).toEqual({ stderr: '', code: 1 })
  expect(requests[0]?.path).toBe('/v1/explain/press-1')
})

test('what waits is not broken', async () => {
  const answer = explanationOf(holding, waiting)
  const { env, requests } = await startCliApi(() => answer)
  const { stdout, code } = await runCommand(['explain', id, '--output', 'json'], env)
  expect(JSON.parse(stdout)).toEqual(answer.body)
  expect(code).toBe(0)
  expect(requests[0]?.path).toBe(`/v1/explain/${id}`)
})
