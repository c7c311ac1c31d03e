import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRuleInput, evaluateExpression } from './evaluate-expression.ts'
import { evaluateRuleSql } from './evaluate-sql.ts'
import { parseExpression } from './parse-expression.ts'
import { parseRuleSql } from './parse-sql.ts'
import { sqlFunctions } from './sql-functions.ts'
import type { SqlValue } from './sql-syntax.ts'
import { fillTemplate, parseTemplate } from './template.ts'

const payload = {
  color: 'red',
  temperature: 21,
  nested: { list: [1, 'two', { deep: true }] },
  nothing: null,
  text: '5.5',
}

function inputOf(body: unknown = payload) {
  return createRuleInput({
    topic: 'things/lamp/state',
    payload: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
    clientId: 'lamp',
    principal: 'f00d',
    sourceIp: '127.0.0.1',
    accountId: '123456789012',
    traceId: 'trace',
    timestampMs: 1_500_000_000_000,
  })
}

const evaluate = (text: string) => evaluateExpression(parseExpression(text), inputOf())

// The examples and tables of the developer guide, "AWS IoT SQL reference".
test.each<[string, SqlValue]>([
  ['temperature', 21],
  ['nested.list[1]', 'two'],
  ['nested.list[2].deep', true],
  ['nested.list[9]', undefined],
  ['missing.further', undefined],
  ['constructor', undefined],
  ['nested.__proto__', undefined],
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['10 - 2 - 3', 5],
  ['7 / 2', 3],
  ['7.5 / 2', 3.75],
  ['1 / 0', undefined],
  ['7 % 4', 3],
  ['-temperature', -21],
  ["'a' + 1", 'a1'],
  ["1 + 'a'", '1a'],
  ["'a' + nothing", undefined],
  ["'2' * 3", 6],
  ["'x' * 3", undefined],
  ['text > 5', true],
  ["'abc' > 'abb'", undefined],
  ['color = "red"', true],
  ["color <> 'blue'", true],
  ["color != 'red'", false],
  ["'21' = temperature", false],
  ['nothing = null', true],
  ['missing = 1', undefined],
  ['nested.list = [1, "two"]', false],
  ['[1, 2] = [1, 2]', true],
  ["color IN ['red', 'green']", true],
  ['3 IN [1, 2]', false],
  ['NOT color = "blue" AND temperature > 20', true],
  ['true OR 1', undefined],
  ["'TRUE' AND true", true],
  ['NOT missing', undefined],
  ['topic()', 'things/lamp/state'],
  ['topic(2)', 'lamp'],
  ['topic(9)', undefined],
  ['clientid()', 'lamp'],
  ['principal()', 'f00d'],
  ['accountid()', '123456789012'],
  ['timestamp()', 1_500_000_000_000],
  ['traceid()', 'trace'],
  ['sourceip()', '127.0.0.1'],
  ['abs("-5.5")', 5.5],
  ['ceil(-1.2)', -1],
  ['floor(-1.2)', -2],
  ['round(-1.5)', -2],
  ['sign(-7)', -1],
  ['sqrt(9)', 3],
  ['sqrt(-1)', undefined],
  ['power(2, 5)', 32],
  ['mod(8, 3)', 2],
  ['trunc(2.888, 2)', 2.88],
  ['trunc(2.3, 0)', 2],
  ['nanvl(missing, 3)', 3],
  ['upper(color)', 'RED'],
  ['Trim("  a ")', 'a'],
  ['length(false)', 5],
  ['numbytes("€")', 3],
  ['lpad(1, 3)', '   1'],
  ['rpad("hello", 2)', 'hello  '],
  ['indexof("abcd", "bc")', 1],
  ['startswith("ranger", "ran")', true],
  ['endswith("cat", "at")', true],
  ['replace("abcdabcd", "b", "$&")', 'a$&cda$&cd'],
  ['substring("012345", 2.745)', '2345'],
  ['substring("012345", -50, 50)', '012345'],
  ['substring("012345", 3, 1)', ''],
  ['substring(true, 1.2)', 'rue'],
  ['concat("con", 1)', 'con1'],
  ['concat([1], "a", [2])', [1, 'a', 2]],
  ['concat()', undefined],
  ['chr(65)', 'A'],
  ['chr(1000)', undefined],
  ['md5("hello")', '5d41402abc4b2a76b9719d911017c592'],
  ['isNull(nothing)', true],
  ['isUndefined(missing)', true],
  ['get(nested, "list")', [1, 'two', { deep: true }]],
  ['get([1, 2], 1)', 2],
  ['get("abc", 1)', 'b'],
  ['cast("5.5" as Int)', 5],
  ['cast(true as Decimal)', 1],
  ['cast(0 as Boolean)', false],
  ['cast(5 as String)', '5'],
  ["encode(color, 'base64')", 'cmVk'],
  ["decode('eyAidGVtcGVyYXR1cmUiOiAzMyB9Cg==', 'base64').temperature", 33],
  ["decode('cmVk', 'base64')", 'red'],
  ["decode('!', 'base64')", null],
])('%s', (text, value) => {
  expect(evaluate(text)).toEqual(value)
})

test('newuuid() and rand() give a new value each time', () => {
  expect(evaluate('newuuid()')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
  expect(evaluate('newuuid()')).not.toBe(evaluate('newuuid()'))
  expect(evaluate('rand()')).toBeLessThan(1)
})

function select(sql: string, body?: unknown) {
  return evaluateRuleSql(parseRuleSql(sql), inputOf(body))?.toString()
}

test('SELECT takes attributes, aliases and everything, and leaves out what is Undefined', () => {
  expect(select("SELECT color AS rgb FROM 'a' WHERE temperature > 20")).toBe('{"rgb":"red"}')
  expect(select("SELECT nested.list, missing, nothing FROM 'a'")).toBe(
    '{"list":[1,"two",{"deep":true}],"nothing":null}',
  )
  expect(select("SELECT *, topic(2) AS thing, color AS text FROM 'a'", { color: 'red', text: 1 })).toBe(
    '{"color":"red","text":"red","thing":"lamp"}',
  )
})

test('WHERE lets through what is true, and nothing else', () => {
  for (const where of ['temperature < 20', 'missing', 'color', "'true'", '1']) {
    expect(select(`SELECT * FROM 'a' WHERE ${where}`)).toBeUndefined()
  }
})

test('SELECT * alone passes a payload on byte by byte, and others see no attributes in one that is no JSON', () => {
  const bytes = Buffer.from([0xff, 0x00, 0x7b])
  expect(evaluateRuleSql(parseRuleSql("SELECT * FROM 'a'"), inputOf(bytes))).toEqual(bytes)
  expect(select("SELECT encode(*, 'base64') AS data, color FROM 'a'", bytes)).toBe('{"data":"/wB7"}')
})

test('templates', () => {
  const fill = (text: string) => fillTemplate(parseTemplate(text), inputOf())
  expect(fill('plain')).toBe('plain')
  expect(fill(`out/\${topic(2)}/\${temperature + 1}/\${missing}x`)).toBe('out/lamp/22/x')
  expect(fill(`\${concat('}', color)}`)).toBe('}red')
  expect(() => parseTemplate(`\${topic(2)`)).toThrow(expect.objectContaining({ code: 'SqlParseException' }))
  expect(() => parseTemplate(`\${nope()}`)).toThrow(expect.objectContaining({ code: 'SqlParseException' }))
})

test('no function throws, whatever it gets', () => {
  const value = fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined }) as fc.Arbitrary<SqlValue>
  const { message } = inputOf()
  fc.assert(
    fc.property(fc.constantFrom(...sqlFunctions.keys()), fc.array(value, { maxLength: 4 }), (name, parameters) => {
      const result = sqlFunctions.get(name)?.(parameters, message)
      expect(['undefined', 'boolean', 'number', 'string', 'object']).toContain(typeof result)
      if (typeof result === 'number') expect(result).toSatisfy(Number.isFinite)
    }),
    { numRuns: 3000 },
  )
})

test('any payload gives a result that is JSON', () => {
  const statement = parseRuleSql("SELECT *, a.b[0] AS x, a + 1 AS y FROM 'a' WHERE isUndefined(a) OR true")
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      const output = evaluateRuleSql(statement, inputOf(body))
      expect(() => JSON.parse(output?.toString() ?? '')).not.toThrow()
    }),
  )
})
