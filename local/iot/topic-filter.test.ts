import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isTopicFilter, isTopicName, matchesTopicFilter } from './topic-filter.ts'

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/', true],
  ['a/+', 'a', false],
  ['+/b', 'a/b', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'b', false],
  ['#', 'a/b', true],
  ['#', '$aws/events', false],
  ['+/events', '$aws/events', false],
  ['$aws/#', '$aws/events', true],
  ['/+', '/a', true],
  ['+', '/a', false],
])('%s and %s: %s', (filter, topic, matches) => {
  expect(matchesTopicFilter(filter, topic)).toBe(matches)
})

test.each(['a/b#', 'a/#/b', 'a+/b', '', 'a\0b', '##'])('%j is no topic filter', (text) => {
  expect(isTopicFilter(text)).toBe(false)
})

const topic = fc
  .array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 5 })
  .map((levels) => `t${levels.join('/')}`)

test('a topic matches itself, itself with any level as +, and any beginning of it with #', () => {
  fc.assert(
    fc.property(topic, fc.nat(), (name, at) => {
      const levels = name.split('/')
      expect(isTopicName(name) && matchesTopicFilter(name, name)).toBe(true)
      expect(matchesTopicFilter(levels.with(at % levels.length, '+').join('/'), name)).toBe(true)
      expect(matchesTopicFilter([...levels.slice(0, at % (levels.length + 1)), '#'].join('/'), name)).toBe(true)
    }),
  )
})
