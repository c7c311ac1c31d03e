import { expect, test } from 'vitest'
import { keyAfter } from './key-order.ts'
import { rollUp } from './roll-up.ts'

test('a common prefix of more keys than one batch counts once, and costs one batch', () => {
  const keys = [
    'a',
    ...Array.from({ length: 5000 }, (_, index) => `dir/${String(index).padStart(5, '0')}`),
    'e',
    'f/1',
    'g',
  ]
  let fetched = 0
  const page = rollUp({
    prefix: '',
    delimiter: '/',
    limit: 4,
    start: { key: Buffer.alloc(0) },
    fetch(place, limit) {
      const batch = keys.filter((key) => Buffer.compare(Buffer.from(key), place.key) >= 0).slice(0, limit)
      fetched += batch.length
      return batch.map((key) => ({ key }))
    },
    placeAfter: ({ key }) => ({ key: keyAfter(key) }),
  })
  expect(page.items.map(({ key }) => key)).toEqual(['a', 'e'])
  expect(page.prefixes).toEqual(['dir/', 'f/'])
  expect(page).toMatchObject({ isTruncated: true, last: { key: 'f/' } })
  expect(fetched).toBeLessThan(1100)
})
