import { expect, test } from 'vitest'
import { createLastUploads } from './last-uploads.ts'

const at = (seconds: number) => new Date(Date.UTC(2026, 4, 1) + seconds * 1000).toISOString()

test('what comes within a minute of what is noted is let be, for each thing', async () => {
  const noted: string[] = []
  const note = createLastUploads({
    async noteUpload(thingName, lastUploadAt) {
      noted.push(`${thingName} ${lastUploadAt}`)
      return true
    },
  })
  for (const seconds of [0, 59, -5, 60, 119, 121]) await note('press-1', at(seconds))
  await note('press-2', at(30))
  expect(noted).toEqual([`press-1 ${at(0)}`, `press-1 ${at(60)}`, `press-1 ${at(121)}`, `press-2 ${at(30)}`])
})

test('what was not taken is not remembered: the thing may be there the next time', async () => {
  let isThere = false
  let calls = 0
  const note = createLastUploads({
    async noteUpload() {
      calls++
      return isThere
    },
  })
  await note('press-1', at(0))
  isThere = true
  await note('press-1', at(1))
  await note('press-1', at(2))
  expect(calls).toBe(2)
})
