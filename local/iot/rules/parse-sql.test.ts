import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwsError } from '#local/service.ts'
import { parseRuleSql } from './parse-sql.ts'

test('a statement is read into its clauses', () => {
  expect(
    parseRuleSql("SELECT *, topic(3) AS thing, state.volts[0] FROM 'things/+/state' WHERE state.ok = true"),
  ).toEqual({
    select: [
      { expression: { kind: 'payload' }, alias: undefined },
      { expression: { kind: 'call', name: 'topic', parameters: [{ kind: 'literal', value: 3 }] }, alias: 'thing' },
      { expression: { kind: 'path', base: { kind: 'payload' }, steps: ['state', 'volts', 0] }, alias: 'volts' },
    ],
    topicFilter: 'things/+/state',
    where: {
      kind: 'binary',
      operator: '=',
      left: { kind: 'path', base: { kind: 'payload' }, steps: ['state', 'ok'] },
      right: { kind: 'literal', value: true },
    },
  })
})

test('FROM may be left out for Basic Ingest, and keywords are not case-sensitive', () => {
  expect(parseRuleSql('select * where A > 1')).toMatchObject({ topicFilter: undefined, where: { operator: '>' } })
})

test.each([
  ['', 'Expected SELECT but found end of statement at position 0'],
  ['SELECT', 'Expected an expression'],
  ["SELECT * FROM 'a#b'", "FROM 'a#b' is not a topic filter"],
  ['SELECT * FROM topic', 'Expected a quoted string but found topic at position 14'],
  ["SELECT nope() AS x FROM 'a'", 'Unknown function nope()'],
  ["SELECT a FROM 'a' WHERE", 'Expected an expression'],
  ["SELECT a FROM 'a' WHERE b = ", 'Expected an expression'],
  ["SELECT a FROM 'a' GROUP BY b", 'Expected the end of the statement but found GROUP'],
  ["SELECT a[x] FROM 'a'", 'Expected an array index'],
  ["SELECT a FROM 'a' WHERE b ! c", 'Unexpected "!"'],
  [`SELECT ${'('.repeat(200)}a${')'.repeat(200)} AS a FROM 'a'`, 'too deeply nested'],
  [`SELECT ${'-'.repeat(200)}a AS a FROM 'a'`, 'too deeply nested'],
  [`SELECT ${'NOT '.repeat(200)}a AS a FROM 'a'`, 'too deeply nested'],
  [`SELECT a${' + a'.repeat(200)} AS a FROM 'a'`, 'too long'],
  ['x'.repeat(70_000), 'longer than'],
])('%.60s: SqlParseException', (sql, message) => {
  expect(() => parseRuleSql(sql)).toThrow(
    expect.objectContaining({ code: 'SqlParseException', status: 400, message: expect.stringContaining(message) }),
  )
})

test.each([
  ["SELECT regexp_matches(a, 'x') AS m FROM 'a'", 'the function regexp_matches()'],
  ["SET @x = 1 SELECT a FROM 'a'", 'the SET clause'],
  ["SELECT VALUE a FROM 'a'", 'SELECT VALUE'],
  ["SELECT CASE a WHEN 1 THEN 2 END AS b FROM 'a'", 'CASE'],
  ["SELECT (SELECT a FROM b) AS c FROM 'a'", 'nested SELECT'],
  ["SELECT a.* FROM 'a'", '.* after an attribute'],
  ["SELECT 1 + 1 FROM 'a'", 'without AS'],
])('%s: NotImplemented', (sql, what) => {
  expect(() => parseRuleSql(sql)).toThrow(
    expect.objectContaining({ code: 'NotImplemented', status: 501, message: expect.stringContaining(what) }),
  )
})

const fragment = fc.constantFrom(
  ..."SELECT|FROM|WHERE|AS|AND|OR|NOT|IN|*|,|.|(|)|[|]|=|<>|<|+|-|/|'a/b'|\"x\"|1|2.5e3|topic|timestamp|cast|null|state|''|@|é".split(
    '|',
  ),
)

test('any text is a statement or an AwsError, within bounded time', () => {
  const text = fc.oneof(
    fc.string(),
    fc.array(fragment, { maxLength: 60 }).map((parts) => `SELECT ${parts.join(' ')}`),
  )
  fc.assert(
    fc.property(text, (sql) => {
      try {
        expect(parseRuleSql(sql).select.length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(AwsError)
      }
    }),
    { numRuns: 2000 },
  )
})

test('the longest statements that are no statement take linear time', () => {
  for (const unit of ['(', "'", '1', 'a', 'a.', 'a+', 'NOT ', '[', ' ', 'f(', 'a,', '<']) {
    const sql = `SELECT ${unit.repeat(65_000 / unit.length)} )`
    // Some 0.1 s on a machine at rest; quadratic time would be minutes.
    const start = performance.now()
    expect(() => parseRuleSql(sql)).toThrow()
    expect(performance.now() - start).toBeLessThan(5000)
  }
})
